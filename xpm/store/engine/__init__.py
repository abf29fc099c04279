"""One database, SQLite or PostgreSQL, with the same behaviour on both: sessions, column types, bulk statements."""
