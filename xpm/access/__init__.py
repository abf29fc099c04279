"""Who may do what, and who did it: actors, and the audit trail that names them.

The trail is apart from Practice Activity: it is for whoever has to prove who acted, not for the daily work.
"""
