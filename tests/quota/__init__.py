"""Xero's allowance of calls: kept, shared, predicted, parked."""
