"""Reads stored records back in the shape in which they were written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, Table, and_, select
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.records.kinds import OwnedTable, RecordTable, SharedTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.records.scope import in_scope, none_archived
from xpm.store.vocabulary import GONE

BATCH = 1_000  # records held in memory at a time

Values = Mapping[str, object]


def read(session: Session, table: RecordTable, scope: Scope, keys: Iterable[str]) -> Iterator[RecordRow]:
    """Yield the stored records with these keys, archived or not, each with its owned and shared rows."""
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        yield from _read_batch(session, table, scope, batch)


def keys_present(session: Session, table: RecordTable, scope: Scope) -> Iterator[str]:
    """Yield the keys of all records that XPM is known to have, including those it calls archived or deleted."""
    found = select(table.table.c[table.key]).where(in_scope(table, scope), none_archived(table, scope, GONE))
    yield from session.connection().scalars(found)


def _read_batch(session: Session, table: RecordTable, scope: Scope, keys: Sequence[str]) -> Iterator[RecordRow]:
    columns = table.table.c
    owned = {name: _owned(session, table, child, scope, keys) for name, child in table.owned.items()}
    shared = {name: _shared(session, side, scope, owned) for name, side in table.shared.items()}
    found = select(table.table).where(in_scope(table, scope), among(columns[table.key], keys))
    for row in session.connection().execute(found).mappings():
        key = row[table.key]
        mine = {name: rows[key] for name, rows in owned.items()}
        yield RecordRow(
            key=key,
            content_hash=row["content_hash"],
            columns={name: row[name] for name in table.columns},
            owned=mine,
            shared={
                name: _named(side, rows, mine)
                for (name, rows), side in zip(shared.items(), table.shared.values(), strict=True)
            },
            archived=row["archived_reason"],
        )


def _owned(
    session: Session, table: RecordTable, child: OwnedTable, scope: Scope, keys: Sequence[str]
) -> Mapping[str, list[Values]]:
    """The owned rows of each record, in XPM's order."""
    columns = child.table.c
    fixed = [columns[name] == value for name, value in table.fixed.items()]
    order = columns[child.ordinal] if child.ordinal else columns[_own_key(child)]
    found = (
        select(child.table)
        .where(_scoped(child.table, scope), *fixed, among(columns[child.owner_key], keys))
        .order_by(order)
    )
    rows: dict[str, list[Values]] = defaultdict(list)
    for row in session.connection().execute(found).mappings():
        rows[row[child.owner_key]].append({name: row[name] for name in child.columns})
    return rows


def _own_key(child: OwnedTable) -> str:
    return next(column.name for column in child.table.primary_key if column.name in child.columns)


def _shared(
    session: Session, side: SharedTable, scope: Scope, owned: Mapping[str, Mapping[str, list[Values]]]
) -> Mapping[object, Values]:
    """The shared rows that the owned rows refer to, by key."""
    through, column = side.via
    named = {str(row[column]) for rows in owned[through].values() for row in rows}
    found = select(side.table).where(_scoped(side.table, scope), among(side.table.c.uuid, sorted(named)))
    rows = session.connection().execute(found).mappings()
    return {row["uuid"]: {name: row[name] for name in side.columns} for row in rows}


def _named(side: SharedTable, rows: Mapping[object, Values], owned: Mapping[str, list[Values]]) -> list[Values]:
    through, column = side.via
    return [rows[row[column]] for row in owned[through] if row[column] in rows]


def _scoped(table: Table, scope: Scope) -> ColumnElement[bool]:
    return and_(table.c.practice == scope.practice, table.c.tenant_id == scope.tenant_id)
