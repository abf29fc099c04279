"""Tests of what FYI keeps; all of them on SQLite and on PostgreSQL."""
