"""`INSERT … ON CONFLICT`: both databases understand the same, and SQLAlchemy spells it once for each."""

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(dialect: Dialect, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insertion that can say what becomes of rows that are there already."""
    if dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
