"""Connecting a practice to Xero, keeping it connected and noticing when it is not, against the sandbox."""
