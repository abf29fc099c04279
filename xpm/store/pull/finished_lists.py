"""Lists of XPM's that a run has read to their end, so that its retry need not read them again."""

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
"""For a run that waits until the next day's calls. What was read before that says too little of what XPM has now."""


@dataclass(frozen=True)
class Finished:
    """What a list had: its keys, Xero's clock when it began to answer, and how many records that were left out."""

    keys: Set[str]
    server_time: datetime | None
    left_out: int = 0


def keep(session: Session, run: SyncRun, name: str, finished: Finished, now: datetime) -> None:
    """Keep that a run read this list to its end. Belongs in the transaction of the list's last step."""
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
    """Give what a list had, if the run that goes on now or the one it retries has read it to its end."""
    row = session.get(FinishedList, (scope.practice, scope.tenant_id, entity, name))
    if row is None:
        return None
    keys = zlib.decompress(row.keys).decode()
    return Finished(frozenset(keys.split("\n") if keys else ()), row.server_time, row.left_out)


def take_over(session: Session, run: SyncRun) -> None:
    """Let a run that begins go on with recent lists of its own flow run in the same mode: it is that one's retry.

    All others are forgotten: whoever asks anew wants what XPM has now.
    """
    retried = exists().where(
        col(SyncRun.id) == col(FinishedList.run_id),
        is_retried_by(run),
        col(FinishedList.at) > run.started_at - KEPT,
    )
    session.connection().execute(delete(FinishedList).where(_of(run), not_(retried)))
    session.connection().execute(update(FinishedList).where(_of(run)).values(run_id=run.id))


def forget(session: Session, run: SyncRun) -> None:
    """Forget the lists of this run's kind: it has ended well, or what they brought is not what is stored any more."""
    session.connection().execute(delete(FinishedList).where(_of(run)))


def _of(run: SyncRun) -> ColumnElement[bool]:
    return and_(
        col(FinishedList.practice) == run.practice,
        col(FinishedList.tenant_id) == run.tenant_id,
        col(FinishedList.entity) == run.entity,
    )
