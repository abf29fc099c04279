"""Edits made in FYI on their way to XPM: their values, states and calls, and how pulls leave them alone."""
