"""Keeps what was stored of the parts of a record that could not be read, so that they do not look empty in XPM."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.records import reads
from xpm.store.records.kinds import RecordTable, SharedTable
from xpm.store.records.rows import ARCHIVED, RecordRow, Scope, Unread
from xpm.store.records.scope import in_scope

Item = Mapping[str, object]


def completed(session: Session, table: RecordTable, scope: Scope, rows: Sequence[RecordRow]) -> Sequence[RecordRow]:
    """The rows with what is stored of their unread parts.

    A row that then is as stored has the stored content hash, so that it counts as unchanged.
    """
    partly = {row.key: row for row in rows if row.unread}
    if not partly:
        return rows
    stored = {row.key: row for row in reads.read(session, table, scope, partly)}
    beside = {name: _shared(session, side, scope, name, partly.values()) for name, side in table.shared.items()}
    return [_completed(row, stored.get(row.key), beside) if row.unread else row for row in rows]


def _completed(row: RecordRow, stored: RecordRow | None, beside: Mapping[str, Sequence[Item]]) -> RecordRow:
    shared = {name: _list(items, beside[name], row.unread, name) for name, items in row.shared.items()}
    if stored is None:
        return replace(row, shared=shared)
    full = replace(
        row,
        columns={name: _column(value, stored.columns[name], row.unread, name) for name, value in row.columns.items()},
        owned={name: _list(items, stored.owned[name], row.unread, name) for name, items in row.owned.items()},
        shared=shared,
        archived=stored.archived if Unread(ARCHIVED) in row.unread and stored.is_present else row.archived,
    )
    return replace(full, content_hash=stored.content_hash) if _are_equal(full, stored) else full


def _column(value: object, stored: object, unread: Iterable[Unread], name: str) -> object:
    parts = [part for part in unread if part.place == name]
    if isinstance(stored, list):
        items = json.loads(value) if isinstance(value, str) else value
        return _list(items, stored, parts, name) if isinstance(items, list) else value
    return stored if parts else value


def _list(items: Sequence[Item], stored: Sequence[Item], unread: Iterable[Unread], name: str) -> list[Item]:
    """The items that could be read, with the stored values of their unread fields, then the stored unread items."""
    full = list(items)
    for part in (part for part in unread if part.place == name):
        if part.column is None:
            meant = [one for one in stored if part.item in (None, one.get(part.key))]
            full += [one for one in meant if not _is_among(full, one, part.key)]
        else:
            place = _place(full, part)
            if place is not None and (before := _counterpart(full[place], stored, part)):
                full[place] = {**full[place], part.column: before[part.column]}
    return full


def _is_among(items: Sequence[Item], stored: Item, key: str) -> bool:
    """Whether a stored item was read. Without a key, it was if one is equal to it."""
    of = stored.get(key)
    return stored in items if of is None else any(item.get(key) == of for item in items)


def _place(items: Sequence[Item], part: Unread) -> int | None:
    if isinstance(part.item, int):
        return part.item
    return next((place for place, item in enumerate(items) if item.get(part.key) == part.item), None)


def _counterpart(item: Item, stored: Sequence[Item], part: Unread) -> Item | None:
    """The stored item with the same key. Without keys, it is the one that is equal in everything else."""
    if isinstance(part.item, int):
        return next((one for one in stored if dict(one, **{str(part.column): item[str(part.column)]}) == item), None)
    return next((one for one in stored if one.get(part.key) == part.item), None)


def _shared(session: Session, side: SharedTable, scope: Scope, name: str, rows: Iterable[RecordRow]) -> Sequence[Item]:
    """The stored shared rows that have unread fields in these rows, whichever record they came with."""
    keys = {str(part.item) for row in rows for part in row.unread if part.place == name}
    key = side.table.c[side.records.key]
    found = select(side.table).where(in_scope(side.records, scope), among(key, keys))
    rows_found = session.connection().execute(found).mappings() if keys else ()
    return [{column: row[column] for column in side.columns} for row in rows_found]


def _are_equal(row: RecordRow, stored: RecordRow) -> bool:
    if any(list(items) != list(stored.owned[name]) for name, items in row.owned.items()):
        return False
    if any(item not in stored.shared[name] for name, items in row.shared.items() for item in items):
        return False
    return all(_plain(value, stored.columns[name]) == stored.columns[name] for name, value in row.columns.items())


def _plain(value: object, stored: object) -> object:
    return json.loads(value) if isinstance(stored, list) and isinstance(value, str) else value
