"""XPM to FYI: what each plan asks, what a batch stores, what absence proves."""
