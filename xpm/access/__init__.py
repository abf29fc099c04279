"""Who may use the console, what they may do, and who did it: logins, sessions, rights, the audit trail.

The console comes in here with every request, the command line to make a link and with every act, and the runbooks with
theirs. Nothing here knows HTTP's forms or cookies. The trail is apart from Practice Activity: it is for whoever has to
prove who acted, not for the daily work.
"""
