"""Consents, their sealed tokens, the attempts that led to them, and each practice's connection."""
