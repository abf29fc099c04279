"""One HTTP call to Xero: its slot in the budget, its retries, and the error that a bad answer means."""
