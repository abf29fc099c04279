"""Tests that entity file, table, wire model and endpoint of each kind of record fit together."""
