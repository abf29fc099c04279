"""Finds jobs and clients that somebody may edit, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, or_, select

from xpm.entities.names import Noun
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.editing import scope_of
from xpm.store.push import edits
from xpm.store.push.protection import tables_of
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope


@dataclass(frozen=True)
class Wanted:
    """Which records are meant: all current ones, but for what is given here.

    `name` is a part of the name, `client` the XPM ID of a job's client. Names and numbers go in any letter case.
    """

    number: str | None = None
    name: str | None = None
    client: str | None = None
    changed_after: datetime | None = None


@dataclass(frozen=True)
class FoundRecord:
    """A current record: when anything of it changed in FYI, and whether XPM does not have all of it yet."""

    noun: Noun
    key: str
    number: str | None
    name: str | None
    changed_at: datetime
    pending_sync: bool


def find_records(
    installation: Installation, slug: str, noun: Noun, wanted: Wanted, *, after: str = "", limit: int
) -> list[FoundRecord]:
    """Find at most `limit` records with keys above `after`, by key.

    Raises Stopped: unknown practice, or one that was never connected.
    """
    practice = installation.practice(slug)
    with installation.database.read() as session:
        scope = scope_of(session, practice)
        rows = session.connection().execute(_page(scope, noun, wanted, after, limit)).all()
        tables, keys = tables_of(PUSHED[noun].table), [key for key, *_ in rows]
        waiting = edits.keys_with_open(session, scope, tables, keys)
    return [
        FoundRecord(noun, key, number, name, max(filter(None, changed)), key in waiting)
        for key, number, name, *changed in rows
    ]


def _page(scope: Scope, noun: Noun, wanted: Wanted, after: str, limit: int) -> Select[Any]:
    """The key, number and name of each record, and when it and its custom fields changed."""
    table, values = PUSHED[noun].table, PUSHED[noun].values
    records, key, number = table.table.c, table.table.c[table.key], _number(table)
    of_record = and_(values.table.c[values.key] == key, in_scope(values, scope))
    found = select(key, number, records.name, records.changed_at, values.table.c.changed_at)
    found = found.join_from(table.table, values.table, of_record, isouter=True)
    found = found.where(in_scope(table, scope), records.archived_at.is_(None), key > after)
    return found.where(*_conditions(table, values, wanted)).order_by(key).limit(limit)


def _conditions(table: RecordTable, values: RecordTable, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    records = table.table.c
    if wanted.number is not None:
        yield func.lower(_number(table)) == wanted.number.strip().lower()
    if wanted.name is not None:
        yield records.name.icontains(wanted.name, autoescape=True)
    if wanted.client is not None:
        yield records.client_uuid == wanted.client
    if wanted.changed_after is not None:
        yield or_(*(one.changed_at > wanted.changed_after for one in (records, values.table.c)))


def _number(table: RecordTable) -> ColumnElement[Any]:
    """The number, which clients do not have."""
    return table.table.c[table.number] if table.number else null()
