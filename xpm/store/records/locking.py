"""Locks records, so that an edit in FYI and a pull of the same record come one after the other.

On PostgreSQL two transactions may otherwise both read a record before either writes it, and the second would overwrite
what it never saw. On SQLite every writer waits for the one before it anyway.
"""

from collections.abc import Collection

from sqlalchemy import Connection, select

from xpm.store.engine.key_lists import among
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope


def lock(connection: Connection, table: RecordTable, scope: Scope, keys: Collection[str]) -> None:
    """Hold these records until the transaction ends. Everybody locks in the same order, so nobody waits in vain."""
    if keys and connection.dialect.name == "postgresql":
        key = table.table.c[table.key]
        held = select(key).where(in_scope(table, scope), among(key, keys)).order_by(key)
        connection.execute(held.with_for_update()).all()
