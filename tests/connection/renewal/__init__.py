"""A consent that is renewed by many at once, under kills and lost answers, and is lost only when Xero takes it away."""
