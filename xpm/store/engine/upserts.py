"""`INSERT … ON CONFLICT`, which is the same in both databases but has a class for each in SQLAlchemy."""

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(dialect: Dialect, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Start an INSERT statement that can say what to do with existing rows."""
    if dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
