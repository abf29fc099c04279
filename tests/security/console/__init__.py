"""Attacks on the console and on the ways to log in to it. Each is refused and changes nothing."""
