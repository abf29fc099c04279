"""Which stored record a number means, and what follows a record to another key.

People may change a record's number in XPM, so it identifies nothing for long. A record is stored under its number only
until XPM gives its UUID.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, bindparam, select, update
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.push.edits import TIME
from xpm.store.records.changes import CHANGES
from xpm.store.records.kinds import ALL, JOBS, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import (
    CurrentJob,
    CustomFieldComparison,
    JobCheck,
    PendingEdit,
    PushCall,
    Quarantine,
    StoreTable,
    TimeEntry,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A stored record that has a number: its key, and its UUID if XPM has given one."""

    key: str
    number: str
    uuid: str | None
    is_current: bool


def known_by_number(connection: Connection, table: RecordTable, scope: Scope, numbers: Collection[str]) -> list[Known]:
    """The stored records with these numbers. Several may share one, if people gave it to another record."""
    columns = table.table.c
    found = select(columns[table.key], columns.number, columns.uuid, columns.archived_at.is_(None)).where(
        in_scope(table, scope), among(columns.number, numbers)
    )
    return [Known(*row) for row in connection.execute(found)]


def numbers_of(session: Session, table: RecordTable, scope: Scope, keys: Collection[str]) -> dict[str, str]:
    """What people call these records, by key: the number of a job or of the job that has values, else the key itself.

    Records that are not stored go by their keys as well.
    """
    records = table.of or table
    if records.number is None or not keys:
        return {key: key for key in keys}
    columns = records.table.c
    found = select(columns[records.key], columns[records.number]).where(
        in_scope(records, scope), among(columns[records.key], keys)
    )
    stored = dict(session.connection().execute(found).all())
    return {key: stored.get(key) or key for key in keys}


def rekey(connection: Connection, table: RecordTable, scope: Scope, keys: Mapping[str, str]) -> None:
    """Give stored records other keys, wherever their keys are stored, and in their history. No new key may be taken."""
    changes = [{"old_key": old, "new_key": new} for old, new in keys.items()]
    if not changes:
        return
    of_scope = {"practice": scope.practice, "tenant_id": scope.tenant_id}
    for place, column, which in _places(table):
        where = [place.c[name] == value for name, value in of_scope.items()]
        moved = update(place).where(*where, *which, place.c[column] == bindparam("old_key"))
        connection.execute(moved.values({column: bindparam("new_key")}), changes)


Place = tuple[Table, str, list[ColumnElement[bool]]]
"""A table, its column with the key of a record, and which of its rows are about records of the kind."""


def _places(table: RecordTable) -> Iterator[Place]:
    """Everywhere a key of this kind of record is stored."""
    kinds = [table, *(kind for kind in ALL.values() if kind.of is table)]
    for kind in kinds:
        for part in kind.parts:
            for rows in (part.table, part.before):
                yield rows, part.key, [rows.c[name] == value for name, value in kind.fixed.items()]
        yield CHANGES, "record_key", [CHANGES.c.record_table == kind.name]
        aside = _table(Quarantine)
        yield aside, "record_key", [aside.c.entity == kind.name]
        for place in (_table(PendingEdit), _table(PushCall)):
            yield place, "record_key", [place.c.record_table == kind.name]
        if owner := kind.fixed.get("owner_kind"):
            compared = _table(CustomFieldComparison)
            yield compared, "owner_key", [compared.c.owner_kind == owner]
    if table is JOBS:
        yield _table(CurrentJob), "key", []
        yield _table(JobCheck), "key", []
        yield _table(TimeEntry), "job_key", []
        for place in (_table(PendingEdit), _table(PushCall)):
            yield place, "record_key", [place.c.record_table == TIME]


def _table(model: type[StoreTable]) -> Table:
    return StoreTable.metadata.tables[str(model.__tablename__)]
