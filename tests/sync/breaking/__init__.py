"""Attempts to break the engine: killed anywhere, thousands of random faults, edits while it reads, no Xero at all."""
