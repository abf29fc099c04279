"""Which jobs the list of a creation window must have, how XPM is asked for the others, and when it last was."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Select, and_, func, literal, outerjoin, select, update
from sqlmodel import Session, col

from xpm.store.engine.key_lists import among
from xpm.store.engine.upserts import insert_into
from xpm.store.records.bulk import BATCH
from xpm.store.records.changes import changed_by
from xpm.store.records.kinds import JOBS
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import Job, JobCheck, StoreTable

_JOBS = JOBS.table
_CHECKS = StoreTable.metadata.tables["job_check"]


def listed(session: Session, scope: Scope, since: date, keys: Collection[str] | None = None) -> set[str]:
    """The jobs, of all or of `keys`, that the list of a creation window starting at `since` or later had."""
    found = _keys(scope).where(_CHECKS.c.created_from >= since)
    if keys is not None:
        found = found.where(among(_CHECKS.c.key, keys))
    return set(session.connection().scalars(found))


def note_listed(session: Session, scope: Scope, keys: Collection[str], created_from: date) -> None:
    """Record that the window that starts on `created_from` lists these jobs. Only new ones are written.

    Windows are counted from the start of a practice's history. If that start moves, a job is in a later window.
    """
    remaining = iter(keys)
    while batch := set(islice(remaining, BATCH)):
        these = _keys(scope).where(_CHECKS.c.created_from >= created_from, among(_CHECKS.c.key, batch))
        known = set(session.connection().scalars(these))
        _write(session, scope, batch - known, created_from=created_from)


def note_verified(session: Session, scope: Scope, keys: Collection[str], now: datetime) -> None:
    """Record that XPM was asked for each of these jobs and has it."""
    _write(session, scope, keys, verified_at=now)


def forget_verified(session: Session, run_id: str | None) -> None:
    """Clear `verified_at` of reverted jobs, since they may differ from XPM's now."""
    touched = changed_by(run_id, JOBS, _CHECKS, "key")
    session.connection().execute(update(_CHECKS).where(touched).values(verified_at=None))


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored job that XPM is asked for by the number it last had, or by its client."""

    key: str
    number: str
    client_uuid: str | None


def asked(session: Session, scope: Scope, keys: Collection[str]) -> list[Asked]:
    """How to ask XPM for each of these stored jobs, in the order of `keys`."""
    found = select(_JOBS.c.key, _JOBS.c.number, _JOBS.c.client_uuid).where(
        in_scope(JOBS, scope), among(_JOBS.c.key, keys)
    )
    by_key = {row.key: Asked(*row) for row in session.connection().execute(found)}
    return [by_key[key] for key in keys if key in by_key]


def longest_unverified(session: Session, scope: Scope, keys: Collection[str]) -> list[tuple[str, datetime]]:
    """Stored jobs in the order in which to ask for them, each with the time it was last verified or first synced."""
    since = func.coalesce(col(JobCheck.verified_at), col(Job.first_synced_at))
    same = and_(
        col(JobCheck.practice) == col(Job.practice),
        col(JobCheck.tenant_id) == col(Job.tenant_id),
        col(JobCheck.key) == col(Job.key),
    )
    found = (
        select(col(Job.key), since)
        .select_from(outerjoin(Job, JobCheck, same))
        .where(col(Job.practice) == scope.practice, col(Job.tenant_id) == scope.tenant_id)
        .where(among(col(Job.key), keys))
        .order_by(since, col(Job.number))
    )
    return [(key, at) for key, at in session.connection().execute(found)]


def _keys(scope: Scope) -> Select[tuple[str]]:
    return select(_CHECKS.c.key).where(_CHECKS.c.practice == scope.practice, _CHECKS.c.tenant_id == scope.tenant_id)


def _write(session: Session, scope: Scope, keys: Collection[str], **noted: date | datetime) -> None:
    if not keys:
        return
    key = [_JOBS.c.practice, _JOBS.c.tenant_id, _JOBS.c.key]
    values = [literal(value, _CHECKS.c[name].type).label(name) for name, value in noted.items()]
    stored = select(*key, *values).where(in_scope(JOBS, scope), among(_JOBS.c.key, keys))
    connection = session.connection()
    statement = insert_into(connection.dialect, _CHECKS).from_select([*(column.name for column in key), *noted], stored)
    connection.execute(statement.on_conflict_do_update(index_elements=[column.name for column in key], set_=noted))
