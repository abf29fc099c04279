"""Tests of what speaks to Xero."""
