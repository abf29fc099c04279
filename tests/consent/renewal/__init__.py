"""Many processes renew one consent, under kills and lost answers; only Xero can end it."""
