"""XPM to FYI: plan, read, batch, store, verify. A sync calls `pull.run_pull`; a replay calls `replay.replay`.

Only a Batch decides whether records are stored, and only a complete list proves that a record is gone.
"""
