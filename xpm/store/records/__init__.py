"""Records in bulk: written with their history, read back, changed by people, reverted."""
