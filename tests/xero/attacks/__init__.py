"""Hostile answers: what somebody could send who answers in Xero's place. Each is refused, or stopped at its bound."""
