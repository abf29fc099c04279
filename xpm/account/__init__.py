"""Which Xero Practice Manager account a practice belongs to. No other room changes that; no record is written here.

A reconnect comes in to offer the accounts of a consent, choose one, compare and confirm it, and reset the connection;
an administrator comes in to disconnect, and a revert to set an account aside.
"""
