"""Who may use the console, and what they may do: logging in, sessions, rights.

The console comes in here with every request, and the command line to make a link. Nothing here knows HTTP's forms or
cookies; the console does.
"""
