"""Attempts to break the sync: kills anywhere, thousands of random faults, edits while it reads, no Xero at all."""
