"""XPM's lists that a run has finished, so that its retry can skip them."""

import zlib
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, not_, update
from sqlmodel import Session, col

from xpm.store.pull.runs import is_retried_by
from xpm.store.records.rows import Scope
from xpm.store.tables import FinishedList, SyncRun

KEPT = timedelta(days=1)
"""Long enough for a run that waits for the next day's calls. An older list is too different from what XPM has now."""


@dataclass(frozen=True)
class Finished:
    """What a list held: its keys, Xero's clock when the answer began, and how many other records were left out."""

    keys: Set[str]
    server_time: datetime | None
    left_out: int = 0


def keep(session: Session, run: SyncRun, name: str, finished: Finished, now: datetime) -> None:
    """Record that a run finished this list. Call it in the transaction of the list's last batch."""
    row = FinishedList(
        practice=run.practice,
        tenant_id=run.tenant_id,
        entity=run.entity,
        name=name,
        run_id=run.id,
        at=now,
        server_time=finished.server_time,
        left_out=finished.left_out,
        keys=zlib.compress("\n".join(sorted(finished.keys)).encode()),
    )
    session.merge(row)
    session.flush()


def find(session: Session, scope: Scope, entity: str, name: str) -> Finished | None:
    """What a list held, if the present run or the run that it retries finished it."""
    row = session.get(FinishedList, (scope.practice, scope.tenant_id, entity, name))
    if row is None:
        return None
    keys = zlib.decompress(row.keys).decode()
    return Finished(frozenset(keys.split("\n") if keys else ()), row.server_time, row.left_out)


def take_over(session: Session, run: SyncRun) -> None:
    """Hand a new run the recent lists of the run that it retries: same flow run, same mode.

    All other lists of the entity are forgotten, since a new request wants what XPM has now.
    """
    retried = exists().where(
        col(SyncRun.id) == col(FinishedList.run_id),
        is_retried_by(run),
        col(FinishedList.at) > run.started_at - KEPT,
    )
    session.connection().execute(delete(FinishedList).where(_of(run), not_(retried)))
    session.connection().execute(update(FinishedList).where(_of(run)).values(run_id=run.id))


def forget(session: Session, run: SyncRun) -> None:
    """Forget the lists of this run's entity: the run has ended well, or a revert has undone what the lists brought."""
    session.connection().execute(delete(FinishedList).where(_of(run)))


def _of(run: SyncRun) -> ColumnElement[bool]:
    return and_(
        col(FinishedList.practice) == run.practice,
        col(FinishedList.tenant_id) == run.tenant_id,
        col(FinishedList.entity) == run.entity,
    )
