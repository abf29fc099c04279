"""The control API: truth, edits, faults and everything Xero does without telling the app."""
