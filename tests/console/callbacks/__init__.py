"""Attacks on the callback. Each is refused and stores nothing."""
