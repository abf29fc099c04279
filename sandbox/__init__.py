"""A Xero to practise on: identity server, connections, XPM 3.1, tax feed, faults on demand."""
