"""Attacks on the address that Xero's answers come to, each of which is refused and leaves nothing behind."""
