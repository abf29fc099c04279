"""One HTTP call to Xero: its place in the limits, its patience, and the error that a bad answer means."""
