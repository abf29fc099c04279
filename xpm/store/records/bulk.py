"""The bulk path: takes whole batches of XPM's records, and writes only those that are new or changed.

One query reads the stored digests of a batch. A few statements, which carry all rows, write the differences.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.push.protection import keep
from xpm.store.records import writes
from xpm.store.records.changes import Author, ChangeLog
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.records.scope import in_scope, none_archived
from xpm.store.records.unread import completed
from xpm.store.records.versions import Effect, counted, effect, version_of, versions
from xpm.store.vocabulary import GONE, ArchiveReason, ChangeKind

T = TypeVar("T")

__all__ = [
    "Applied",
    "RecordRow",
    "Scope",
    "active_by_tenant",
    "active_keys",
    "apply",
    "archive",
    "archive_others",
    "count_active",
    "count_present",
    "keys_archived",
    "keys_of_others",
    "other_scopes",
]

BATCH = 5_000  # keys in one query, so that memory use stays small however many keys are given


def apply(
    session: Session,
    table: RecordTable,
    scope: Scope,
    rows: Sequence[RecordRow],
    *,
    run_id: str | None,
    now: datetime,
    read_after: int | None = None,
) -> Applied:
    """Store these versions of records, and return how many were added, changed and so on.

    Unchanged records only get a new `sent_digest`. Archived records that came back are restored, and records that XPM
    itself calls archived or deleted are archived. Of parts that could not be read, what is stored stays. If a key
    repeats, its last row wins. What people edited in FYI stays as well (`xpm.store.push.protection`, which explains
    `read_after`). Raises WrongColumns before anything of the batch is written.
    """
    latest = iter(completed(session, table, scope, list({row.key: row for row in rows}.values())))
    applied, log = Applied(), ChangeLog(session.connection(), table, scope, Author(now, run_id))
    while batch := list(islice(latest, BATCH)):
        applied += _apply_batch(session, log, batch, read_after)
    return applied


def active_keys(session: Session, table: RecordTable, scope: Scope) -> Iterator[str]:
    """Yield the keys of all records that are not archived."""
    found = session.connection().scalars(_of(table, scope, table.table.c[table.key]))
    yield from chain.from_iterable(found.partitions(BATCH))


def keys_archived(session: Session, table: RecordTable, scope: Scope, reasons: Collection[ArchiveReason]) -> set[str]:
    """The keys of all records that are archived for one of these reasons."""
    columns = table.table.c
    found = select(columns[table.key]).where(in_scope(table, scope), columns.archived_reason.in_(reasons))
    return set(session.connection().scalars(found))


def count_active(session: Session, table: RecordTable, scope: Scope) -> int:
    """Count the records that are not archived."""
    return session.connection().scalars(_of(table, scope, func.count())).one()


def active_by_tenant(session: Session, table: RecordTable, practice: str) -> dict[str, int]:
    """Count the records that are not archived, by the tenant they came from."""
    columns = table.table.c
    active = select(columns.tenant_id, func.count()).where(columns.practice == practice, columns.archived_at.is_(None))
    return dict(session.connection().execute(active.group_by(columns.tenant_id)).all())


def count_present(session: Session, table: RecordTable, scope: Scope) -> int:
    """Count the records that XPM is known to have, including those it calls archived or deleted."""
    return session.connection().scalars(_of(table, scope, func.count(), GONE)).one()


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
    """Archive these records and return how many were active. Their contents stay as they are."""
    columns, log = table.table.c, ChangeLog(session.connection(), table, scope, Author(now, run_id))
    remaining, archived = iter(keys), 0
    while batch := list(islice(remaining, BATCH)):
        active = and_(among(columns[table.key], batch), columns.archived_at.is_(None))
        log.changing_where(ChangeKind.ARCHIVED, active)
        statement = (
            update(table.table)
            .where(in_scope(table, scope), active)
            .values(archived_at=now, archived_reason=reason, changed_at=now, changed_by_run=run_id)
        )
        archived += session.connection().execute(statement).rowcount
    return archived


def other_scopes(session: Session, table: RecordTable, scope: Scope) -> list[Scope]:
    """The scopes of the practice's former accounts that still have current records in FYI."""
    columns = table.table.c
    others = select(columns.tenant_id).where(
        columns.practice == scope.practice, columns.tenant_id != scope.tenant_id, columns.archived_at.is_(None)
    )
    return [Scope(scope.practice, tenant_id) for tenant_id in session.connection().scalars(others.distinct())]


def keys_of_others(session: Session, table: RecordTable, scope: Scope) -> set[str]:
    """The keys of the current records of the practice's former accounts. Two accounts may have the same key."""
    others = other_scopes(session, table, scope)
    return {key for other in others for key in active_keys(session, table, other)}


def archive_others(session: Session, table: RecordTable, scope: Scope, *, run_id: str | None, now: datetime) -> int:
    """Archive the records of the practice's former accounts, and return how many were active."""
    archived, reason = 0, ArchiveReason.OTHER_ACCOUNT
    for other in other_scopes(session, table, scope):
        keys = list(active_keys(session, table, other))
        archived += archive(session, table, other, keys, reason, run_id=run_id, now=now)
    return archived


def _apply_batch(session: Session, log: ChangeLog, rows: Sequence[RecordRow], read_after: int | None) -> Applied:
    table, scope = log.table, log.scope
    stored = versions(log.connection, table, scope, [row.key for row in rows])
    effects = {row.key: effect(stored.get(row.key), version_of(row)) for row in rows}
    differing = [row for row in rows if effects[row.key] not in (None, Effect.ADDED)]
    kept = keep(session, table, scope, differing, read_after=read_after, now=log.author.at)
    effects |= dict.fromkeys({row.key for row in differing} - {row.key for row in kept})
    by_effect: dict[Effect, list[RecordRow]] = {one: [] for one in Effect}
    for row in kept:
        by_effect[effects[row.key] or Effect.CHANGED].append(row)
    different = {ChangeKind(one): by_effect[one] for one in (Effect.CHANGED, Effect.RESTORED, Effect.ARCHIVED)}
    writes.write(log, [row for row in rows if effects[row.key] is Effect.ADDED], different)
    writes.note_sent(log, [row for row in rows if stored.get(row.key) == version_of(row)])
    return counted(effects.values())


def _of(
    table: RecordTable, scope: Scope, what: ColumnElement[T], without: Collection[ArchiveReason] = tuple(ArchiveReason)
) -> Select[T]:
    """Records that are not archived for one of these reasons."""
    return select(what).select_from(table.table).where(in_scope(table, scope), none_archived(table, scope, without))
