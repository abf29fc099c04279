"""Writing down every change of a record: who, when, and the rows as they were before.

Former rows are copied inside the database, so that they come back exactly and cost little.
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
    """Who changes records, and when: a run, or a person in FYI (an email address)."""

    at: datetime
    run_id: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """The history of one kind of record; belongs in the transaction that changes them."""

    connection: Connection
    table: RecordTable
    scope: Scope
    author: Author

    def added(self, keys: Collection[str]) -> None:
        """Note records that were not there before this batch."""
        if keys:
            added = among(self.table.table.c[self.table.key], keys)
            self.connection.execute(self._noting(ChangeKind.ADDED, added))

    def changing(self, kind: ChangeKind, keys: Collection[str]) -> None:
        """Note records that are about to change, and keep them as they are."""
        if keys:
            self.changing_where(kind, among(self.table.table.c[self.table.key], keys))

    def changing_where(self, kind: ChangeKind, which: ColumnElement[bool]) -> None:
        """Do the same for the records in scope that `which` names."""
        noted = self._noting(kind, which).returning(CHANGES.c.id)
        ids = self.connection.execute(noted).scalars().all()
        if ids:  # somebody else's changes may have got numbers in between
            ours = (CHANGES.c[name].is_not_distinct_from(value) for name, value in self._said(kind).items())
            keep_former_rows(self.connection, self.table, and_(CHANGES.c.id.between(min(ids), max(ids)), *ours))

    def _noting(self, kind: ChangeKind, which: ColumnElement[bool]) -> Insert:
        """The statement that notes a change of these records, which are stored."""
        said = self._said(kind)
        values = [literal(value, CHANGES.c[name].type).label(name) for name, value in said.items()]
        key = self.table.table.c[self.table.key]
        stored = select(*values, key).where(in_scope(self.table, self.scope), which)
        return insert(CHANGES).from_select([*said, "record_key"], stored)

    def _said(self, kind: ChangeKind) -> dict[str, object]:
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
    """Copy the rows of the records of these changes, as they are now, to where former rows are kept."""
    for part in table.parts:
        names = part.table.columns.keys()
        rows = (
            select(CHANGES.c.id, *part.table.columns)
            .select_from(CHANGES.join(part.table, same_record(table, part)))
            .where(of)
        )
        connection.execute(insert(part.before).from_select(["change_id", *names], rows))


def same_record(table: RecordTable, part: Part) -> ColumnElement[bool]:
    """Whether a row of one of the record's tables belongs to the record of a change."""
    columns = part.table.c
    scope = [columns[name] == CHANGES.c[name] for name in SCOPE]
    fixed = [columns[name] == value for name, value in table.fixed.items()]
    return and_(*scope, *fixed, columns[part.key] == CHANGES.c.record_key)


def changed_by(run_id: str | None, table: RecordTable, rows: Table, key: str) -> Exists:
    """Whether a run changed the record that a row of some table is about; `key`: its column that names the record."""
    same = (CHANGES.c[name] == rows.c[name] for name in SCOPE)
    of_run = (CHANGES.c.run_id == run_id, CHANGES.c.record_table == table.name)
    return exists().where(*of_run, *same, CHANGES.c.record_key == rows.c[key])
