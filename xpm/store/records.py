"""The bulk path: whole batches of XPM's records in, only what is new or changed written.

One query reads the stored digests of a batch; what differs is written by a few statements that carry all rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlmodel import Session

from xpm.store import record_writes
from xpm.store.key_lists import among
from xpm.store.record_rows import Applied, RecordRow, Scope, in_scope
from xpm.store.record_tables import RecordTable
from xpm.store.vocabulary import ArchiveReason

T = TypeVar("T")

__all__ = ["Applied", "RecordRow", "Scope", "active_keys", "apply", "archive", "count_active", "count_present"]

BATCH = 5_000  # keys in one query, so that memory stays small however many are given


def apply(
    session: Session, table: RecordTable, scope: Scope, rows: Sequence[RecordRow], *, run_id: str | None, now: datetime
) -> Applied:
    """Bring the stored records to these versions and tell how many that touched.

    Records with the stored digest are not written; archived ones that came back are un-archived, and those that XPM
    itself calls archived or deleted are archived. Of several rows of
    one key the last wins. Raises WrongColumns before anything of the batch is written.
    """
    latest = iter({row.key: row for row in rows}.values())
    applied = Applied()
    while batch := list(islice(latest, BATCH)):
        applied += _apply_batch(session, table, scope, batch, run_id=run_id, now=now)
    return applied


def active_keys(session: Session, table: RecordTable, scope: Scope) -> Iterator[str]:
    """Give the keys of all records that are not archived."""
    yield from session.connection().scalars(_active(table, scope, table.table.c[table.key]))


def count_active(session: Session, table: RecordTable, scope: Scope) -> int:
    """Count the records that are not archived."""
    return session.connection().scalars(_active(table, scope, func.count())).one()


def count_present(session: Session, table: RecordTable, scope: Scope) -> int:
    """Count the records that XPM has, as far as is known: also those it calls archived or deleted."""
    reason = table.table.c.archived_reason
    present = reason.is_distinct_from(ArchiveReason.ABSENT)
    return session.connection().scalars(_of(table, scope, func.count()).where(present)).one()


def archive(
    session: Session,
    table: RecordTable,
    scope: Scope,
    keys: Iterable[str],
    reason: ArchiveReason,
    *,
    run_id: str | None,
    now: datetime,
) -> int:
    """Archive these records and tell how many were active until now. What they hold stays as it was."""
    columns = table.table.c
    remaining, archived = iter(keys), 0
    while batch := list(islice(remaining, BATCH)):
        statement = (
            update(table.table)
            .where(in_scope(table, scope), among(columns[table.key], batch), columns.archived_at.is_(None))
            .values(archived_at=now, archived_reason=reason, changed_at=now, changed_by_run=run_id)
        )
        archived += session.connection().execute(statement).rowcount
    return archived


def _apply_batch(
    session: Session, table: RecordTable, scope: Scope, rows: Sequence[RecordRow], *, run_id: str | None, now: datetime
) -> Applied:
    columns = table.table.c
    known = select(columns[table.key], columns.content_hash, columns.archived_reason).where(
        in_scope(table, scope), among(columns[table.key], [row.key for row in rows])
    )
    stored = {key: (digest, archived) for key, digest, archived in session.connection().execute(known)}
    current = [row for row in rows if stored.get(row.key) == (row.content_hash, row.archived)]
    new = [row for row in rows if row.key not in stored]
    different = [row for row in rows if row.key in stored and stored[row.key] != (row.content_hash, row.archived)]
    record_writes.write(session.connection(), table, scope, new, different, run_id=run_id, now=now)
    restored = sum(row.archived is None and stored[row.key][1] is not None for row in different)
    archived = sum(row.archived is not None and stored[row.key][1] is None for row in different)
    return Applied(
        added=len(new),
        changed=len(different) - restored - archived,
        unchanged=len(current),
        restored=restored,
        archived=archived,
    )


def _active(table: RecordTable, scope: Scope, what: ColumnElement[T]) -> Select[tuple[T]]:
    return _of(table, scope, what).where(table.table.c.archived_at.is_(None))


def _of(table: RecordTable, scope: Scope, what: ColumnElement[T]) -> Select[tuple[T]]:
    return select(what).select_from(table.table).where(in_scope(table, scope))
