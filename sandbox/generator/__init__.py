"""The generator of believable practices: the same seed and day give the same records."""
