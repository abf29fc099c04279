"""Records every change of a record in the history: who, when, and the rows as they were before.

Former rows are copied inside the database, so that they can be restored exactly and cost little.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Exists, Insert, Table, and_, exists, insert, literal, select

from xpm.store.engine.key_lists import among
from xpm.store.records.kinds import SCOPE, Part, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import ChangeKind

CHANGES = StoreTable.metadata.tables["record_change"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes records, and when: a run, or a person in FYI (by email address)."""

    at: datetime
    run_id: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """The history of one kind of record. Use it in the transaction that changes the records."""

    connection: Connection
    table: RecordTable
    scope: Scope
    author: Author

    def added(self, keys: Collection[str]) -> None:
        """Log records that this batch added."""
        if keys:
            added = among(self.table.table.c[self.table.key], keys)
            self.connection.execute(self._noting(ChangeKind.ADDED, added))

    def changing(self, kind: ChangeKind, keys: Collection[str]) -> None:
        """Log records that are about to change, and keep their present rows."""
        if keys:
            self.changing_where(kind, among(self.table.table.c[self.table.key], keys))

    def changing_where(self, kind: ChangeKind, which: ColumnElement[bool]) -> None:
        """Do the same for the records in scope that meet the condition `which`."""
        noted = self._noting(kind, which).returning(CHANGES.c.id)
        ids = self.connection.execute(noted).scalars().all()
        if ids:  # other transactions may have got ids in between
            ours = (CHANGES.c[name].is_not_distinct_from(value) for name, value in self._values(kind).items())
            keep_former_rows(self.connection, self.table, and_(CHANGES.c.id.between(min(ids), max(ids)), *ours))

    def _noting(self, kind: ChangeKind, which: ColumnElement[bool]) -> Insert:
        """The statement that logs a change of these stored records."""
        values = self._values(kind)
        columns = [literal(value, CHANGES.c[name].type).label(name) for name, value in values.items()]
        key = self.table.table.c[self.table.key]
        stored = select(*columns, key).where(in_scope(self.table, self.scope), which)
        return insert(CHANGES).from_select([*values, "record_key"], stored)

    def _values(self, kind: ChangeKind) -> dict[str, object]:
        return {
            "practice": self.scope.practice,
            "tenant_id": self.scope.tenant_id,
            "record_table": self.table.name,
            "kind": kind,
            "run_id": self.author.run_id,
            "person": self.author.person,
            "at": self.author.at,
        }


def keep_former_rows(connection: Connection, table: RecordTable, of: ColumnElement[bool]) -> None:
    """Copy the present rows of the records that these changes are about to the tables of former rows."""
    for part in table.parts:
        names = part.table.columns.keys()
        rows = (
            select(CHANGES.c.id, *part.table.columns)
            .select_from(CHANGES.join(part.table, same_record(table, part)))
            .where(of)
        )
        connection.execute(insert(part.before).from_select(["change_id", *names], rows))


def same_record(table: RecordTable, part: Part) -> ColumnElement[bool]:
    """The condition that a row of one of the record's tables belongs to the record of a change."""
    columns = part.table.c
    scope = [columns[name] == CHANGES.c[name] for name in SCOPE]
    fixed = [columns[name] == value for name, value in table.fixed.items()]
    return and_(*scope, *fixed, columns[part.key] == CHANGES.c.record_key)


def changed_by(run_id: str | None, table: RecordTable, rows: Table, key: str) -> Exists:
    """The condition that a run changed the record that a row is about. `key` is the column that names the record."""
    same = (CHANGES.c[name] == rows.c[name] for name in SCOPE)
    of_run = (CHANGES.c.run_id == run_id, CHANGES.c.record_table == table.name)
    return exists().where(*of_run, *same, CHANGES.c.record_key == rows.c[key])
