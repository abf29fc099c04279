"""Tests of the store. Those that use a database run on SQLite and on PostgreSQL."""
