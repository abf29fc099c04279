"""The audit trail at rest: how its lines are linked and signed, appended, read, verified and removed when too old."""
