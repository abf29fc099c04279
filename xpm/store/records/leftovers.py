"""Forgets what must not outlive the records it is about, once a revert has removed them."""

from collections.abc import Iterator

from sqlalchemy import Column, ColumnElement, Table, delete, exists, select
from sqlmodel import Session

from xpm.store.records.kinds import ALL, FORMER_ROWS, JOBS, SCHEMA, SCOPE, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope

HISTORY = frozenset({"record_change", *FORMER_ROWS, "sync_run", "authorisation_attempt", "connection"})
"""The tables that keep what was done with an account, and which one is connected. Every other table that names an
account holds something of it."""

About = tuple[Table, Column[str], RecordTable, list[ColumnElement[bool]]]
"""A table, its column with a record's key, the record's table, and which rows are about records of that table."""


def forget_without_records(session: Session, practice: str) -> None:
    """Forget lists, checks, comparisons and quarantine entries of records that the practice no longer has.

    A record that could never be read stays in quarantine: it was never stored, so no revert has removed it.
    """
    for table, key, records, which in _about_records():
        of = records.table.c
        same = [of[name] == table.c[name] for name in SCOPE]
        there = exists(select(of[records.key]).where(*same, of[records.key] == key)).correlate(table)
        session.connection().execute(delete(table).where(table.c.practice == practice, *which, ~there))


def forget_account(session: Session, scope: Scope) -> bool:
    """Forget everything about an account that has no record left, except history; return whether it had none."""
    if any(_has_records(session, table, scope) for table in ALL.values()):
        return False
    for table in reversed(SCHEMA.sorted_tables):
        if set(SCOPE) <= set(table.c.keys()) and table.name not in HISTORY:
            ours = (table.c.practice == scope.practice, table.c.tenant_id == scope.tenant_id)
            session.connection().execute(delete(table).where(*ours))
    return True


def _has_records(session: Session, table: RecordTable, scope: Scope) -> bool:
    found = select(table.table.c[table.key]).where(in_scope(table, scope)).limit(1)
    return session.connection().scalars(found).first() is not None


def _about_records() -> Iterator[About]:
    for name in ("current_job", "job_check"):
        table = SCHEMA.tables[name]
        yield table, table.c.key, JOBS, []
    compared = SCHEMA.tables["custom_field_comparison"]
    for values in ALL.values():
        if values.of:
            yield compared, compared.c.owner_key, values.of, [compared.c.owner_kind == values.fixed["owner_kind"]]
    aside = SCHEMA.tables["quarantine"]
    for records in ALL.values():
        known = [] if records.of else [_was_stored(aside)]
        yield aside, aside.c.record_key, records.of or records, [aside.c.entity == records.name, *known]


def _was_stored(aside: Table) -> ColumnElement[bool]:
    """Whether the history knows the record of a quarantine entry."""
    change = SCHEMA.tables["record_change"]
    same = [change.c[name] == aside.c[name] for name in (*SCOPE, "record_key")]
    return exists(select(change.c.id).where(*same, change.c.record_table == aside.c.entity)).correlate(aside)
