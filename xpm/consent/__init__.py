"""One administrator's consent, from the invitation to its end.

A reconnect invites a person and waits for Xero's answer. The console passes that answer to the callback. Every pull
gets its access to the account here. The watch checks each connection every quarter of an hour. Tokens are read and
renewed here and nowhere else.
"""
