"""What a person should know: Practice Activity, the overview of a practice, data that went stale, records that want
attention. Every room writes to the log here; the console and the command line read.
"""
