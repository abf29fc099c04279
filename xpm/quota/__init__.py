"""Xero's allowance of calls, shared by all programs on one database.

Every call to XPM asks `budget` first. A sync predicts its calls here, and is parked here when the day's are used up.
"""
