"""What a person should know: Practice Activity, the overview of a practice, stale data, records that need attention.

Every room writes its log entries here; the console and the command line read them.
"""
