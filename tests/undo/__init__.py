"""Dry runs before a sync, and reverts after it."""
