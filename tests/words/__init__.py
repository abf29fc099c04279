"""The messages administrators read."""
