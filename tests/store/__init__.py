"""Tests of the store. Each runs on SQLite and on PostgreSQL."""
