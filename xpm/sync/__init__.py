"""What brings FYI into step with XPM: plans, pulls, comparison."""
