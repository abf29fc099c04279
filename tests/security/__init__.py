"""Attacks on the programs that fyi-xpm starts."""
