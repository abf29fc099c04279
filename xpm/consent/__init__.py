"""One administrator's consent, from the invitation to its end. A reconnect comes in to invite a person and to wait for
Xero's answer; the console brings that answer to the callback; every pull comes in for access to the account; the watch
proves each connection every quarter of an hour. Tokens are read and renewed here and nowhere else.
"""
