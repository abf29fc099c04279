"""The jobs in XPM's list of current jobs when it was last read, so that a job that leaves it is asked for once."""

from collections.abc import Iterable, Set
from itertools import islice

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from xpm.store.engine.key_lists import among
from xpm.store.records.bulk import BATCH
from xpm.store.records.kinds import JOBS
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import CurrentJob


def current(session: Session, scope: Scope) -> set[str]:
    """The keys of the jobs that were last recorded as current."""
    noted = select(col(CurrentJob.key)).where(
        col(CurrentJob.practice) == scope.practice, col(CurrentJob.tenant_id) == scope.tenant_id
    )
    return set(session.connection().scalars(noted))


def note(session: Session, scope: Scope, keys: Set[str]) -> None:
    """Record that exactly these stored jobs are current. Only the differences are written."""
    before = current(session, scope)
    _add(session, scope, keys - before)
    _forget(session, scope, before - keys)


def _add(session: Session, scope: Scope, keys: Iterable[str]) -> None:
    columns = JOBS.table.c
    key = (columns.practice, columns.tenant_id, columns.key)
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        stored = select(*key).where(in_scope(JOBS, scope), among(columns.key, batch))
        session.connection().execute(insert(CurrentJob).from_select([column.name for column in key], stored))


def _forget(session: Session, scope: Scope, keys: Iterable[str]) -> None:
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        left = delete(CurrentJob).where(
            col(CurrentJob.practice) == scope.practice,
            col(CurrentJob.tenant_id) == scope.tenant_id,
            among(col(CurrentJob.key), batch),
        )
        session.connection().execute(left)
