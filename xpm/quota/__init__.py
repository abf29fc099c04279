"""Xero's allowance of calls, shared by all programs on one database. Every call to XPM asks `budget` first; a sync
comes in to predict what it will ask, and to be parked when the day's calls are used up.
"""
