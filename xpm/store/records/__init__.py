"""Stored records: written in bulk with their history, read back, edited by people, reverted."""
