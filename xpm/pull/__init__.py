"""XPM to FYI: plan, read, batch, store, verify. A sync comes in through `pull.run_pull`, a replay through `replay`.

Only a batch decides whether records are stored, and only a complete list proves that a record is gone.
"""
