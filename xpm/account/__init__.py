"""Which Xero Practice Manager account a practice belongs to. Only this room changes it; no record is written here.

A reconnect offers the accounts of a consent, chooses one, compares and confirms it, and resets the connection. An
administrator disconnects here, and a revert sets an account aside.
"""
