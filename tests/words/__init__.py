"""The sentences administrators read."""
