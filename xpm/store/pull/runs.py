"""Sync runs: when each began, how far it came, how it ended."""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from xpm.store.engine.key_lists import among
from xpm.store.errors import UnknownRun
from xpm.store.records.rows import Scope
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger

OF_CHOSEN_RECORDS = "sync.values_chosen"
"""What a run has as its `reason_key` that brought a few records somebody chose, and all other values stayed as old."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a step of a run did; steps add up."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    removed: int = 0
    quarantined: int = 0
    calls: int = 0
    bytes: int = 0


def start(
    session: Session,
    *,
    practice: str,
    tenant_id: str,
    entity: str,
    mode: SyncMode,
    trigger: SyncTrigger,
    person: str | None = None,
    flow_run_id: str | None = None,
    predicted_calls: int | None = None,
    predicted_bytes: int | None = None,
    now: datetime,
) -> SyncRun:
    """Begin a run."""
    run = SyncRun(
        id=str(uuid.uuid4()),
        practice=practice,
        tenant_id=tenant_id,
        entity=entity,
        mode=mode,
        trigger=trigger,
        person=person,
        flow_run_id=flow_run_id,
        predicted_calls=predicted_calls,
        predicted_bytes=predicted_bytes,
        started_at=now,
    )
    session.add(run)
    session.flush()
    return run


def get(session: Session, run_id: str) -> SyncRun:
    """Give one run. Raises UnknownRun."""
    run = session.get(SyncRun, run_id)
    if run is None:
        raise UnknownRun(run_id)
    return run


def checkpoint(session: Session, run_id: str, tally: RunCounts) -> SyncRun:
    """Add what a batch did. Belongs in the transaction that writes the batch."""
    run = get(session, run_id)
    for name, count in asdict(tally).items():
        setattr(run, name, getattr(run, name) + count)
    session.flush()
    return run


def finish(
    session: Session,
    run_id: str,
    status: RunStatus,
    *,
    reason_key: str | None = None,
    watermark: datetime | None = None,
    resumes_at: datetime | None = None,
    now: datetime,
) -> SyncRun:
    """End a run with the counts of its row.

    `watermark`: everything that changed in XPM up to then is stored. `resumes_at`: when a parked run can go on.
    """
    run = get(session, run_id)
    run.status, run.reason_key, run.finished_at = status, reason_key, now
    run.watermark, run.resumes_at = watermark, resumes_at
    session.flush()
    return run


def is_retried_by(run: SyncRun) -> ColumnElement[bool]:
    """Whether a run is of the flow run that this one is of, in the same mode. By hand, each run stands for itself."""
    same_flow_run = and_(col(SyncRun.flow_run_id).is_not(None), col(SyncRun.flow_run_id) == run.flow_run_id)
    return and_(col(SyncRun.mode) == run.mode, same_flow_run)


def retried_since(session: Session, run: SyncRun, earliest: datetime) -> datetime | None:
    """Tell when the first run began that this one retries, of those that failed and began at `earliest` or later."""
    failed = select(func.min(SyncRun.started_at)).where(
        SyncRun.practice == run.practice,
        SyncRun.tenant_id == run.tenant_id,
        SyncRun.entity == run.entity,
        is_retried_by(run),
        col(SyncRun.status).in_((RunStatus.FAILURE, RunStatus.PARKED)),
        SyncRun.started_at >= earliest,
    )
    return session.exec(failed).one()


def last_successful(session: Session, practice: str, tenant_id: str, entity: str) -> SyncRun | None:
    """Find the last run of an entity that ended well. It may be a revert: then FYI is not as XPM was.

    It is no replay: reading again what was set aside leaves the other records as old as they were.
    """
    return session.exec(_ended_well(practice, tenant_id, entity).limit(1)).one_or_none()


def moved_since(session: Session, run: SyncRun) -> bool:
    """Tell whether the entity was synchronised with another XPM practice since: then FYI is not as this run left it."""
    elsewhere = select(SyncRun.id).where(
        SyncRun.practice == run.practice,
        SyncRun.entity == run.entity,
        SyncRun.started_at > run.started_at,
        SyncRun.tenant_id != run.tenant_id,
    )
    return session.exec(elsewhere.limit(1)).first() is not None


def changed_since(session: Session, scope: Scope, entity: str, mode: SyncMode) -> datetime | None:
    """From when on to ask for changes; `None` to ask for everything, also where there is nothing to start from."""
    if mode is SyncMode.FULL:
        return None
    last = last_successful(session, scope.practice, scope.tenant_id, entity)
    return last.watermark if last and not moved_since(session, last) else None


def last_synced(session: Session, practice: str, tenant_id: str, entity: str) -> datetime | None:
    """Tell when an entity was last synchronised well. A revert and a replay ask Xero for nothing, and a run of chosen
    records for no others.
    """
    last = session.exec(_synced_well(practice, tenant_id, entity).limit(1)).one_or_none()
    return last.finished_at if last else None


def last_revert(session: Session, practice: str) -> str | None:
    """Give the id of the last run that took syncs of a practice back."""
    reverts = select(SyncRun.id).where(SyncRun.practice == practice, SyncRun.trigger == SyncTrigger.REVERT)
    return session.exec(reverts.order_by(col(SyncRun.started_at).desc(), col(SyncRun.id)).limit(1)).one_or_none()


def lately_successful(
    session: Session,
    practice: str,
    tenant_id: str,
    entity: str,
    *,
    complete: bool,
    mode: SyncMode | None = None,
    limit: int,
) -> list[SyncRun]:
    """Find the last runs of an entity that ended well, newest first: those that saw all of XPM's side, or the others.

    `mode`: only those asked for so. Left out are reverts and replays, which ask Xero for nothing, and runs of chosen
    records.
    """
    seen_all = col(SyncRun.source_count).is_not(None) if complete else col(SyncRun.source_count).is_(None)
    found = _synced_well(practice, tenant_id, entity).where(seen_all)
    if mode is not None:
        found = found.where(SyncRun.mode == mode)
    return list(session.exec(found.limit(limit)))


def last_finished(session: Session, practice: str, tenant_id: str, entity: str) -> SyncRun | None:
    """Find the last run of an entity that is over, however it ended; replays are left out."""
    over = select(SyncRun).where(
        SyncRun.practice == practice,
        SyncRun.tenant_id == tenant_id,
        SyncRun.entity == entity,
        SyncRun.status != RunStatus.RUNNING,
        SyncRun.trigger != SyncTrigger.REPLAY,
    )
    return session.exec(over.order_by(col(SyncRun.started_at).desc()).limit(1)).one_or_none()


def latest(session: Session, practice: str) -> dict[str, SyncRun]:
    """Give the latest run of each entity, whatever its end; replays are left out."""
    place = func.row_number().over(
        partition_by=col(SyncRun.entity), order_by=(col(SyncRun.started_at).desc(), col(SyncRun.id))
    )
    of_practice = (SyncRun.practice == practice, SyncRun.trigger != SyncTrigger.REPLAY)
    ranked = select(SyncRun.id, place.label("place")).where(*of_practice).subquery()
    newest = select(SyncRun).join(ranked, ranked.c.id == SyncRun.id).where(ranked.c.place == 1)
    return {run.entity: run for run in session.exec(newest)}


def unfinished(session: Session, practice: str, entity: str) -> list[SyncRun]:
    """Find runs that began and never ended, newest first: their process was killed, or still works.

    Of whatever XPM practice: one that was killed before the practice was moved to another is over as well.
    """
    running = select(SyncRun).where(
        SyncRun.practice == practice, SyncRun.entity == entity, SyncRun.status == RunStatus.RUNNING
    )
    return list(session.exec(running.order_by(col(SyncRun.started_at).desc())))


def recent(session: Session, practice: str, limit: int) -> list[list[SyncRun]]:
    """Give the newest flow runs, the newest first, each as its runs in their order; a run without one stands alone."""
    together = func.coalesce(SyncRun.flow_run_id, SyncRun.id)
    newest = select(together).where(SyncRun.practice == practice).group_by(together)
    ids = session.exec(newest.order_by(func.max(SyncRun.started_at).desc(), together).limit(limit)).all()
    found = select(SyncRun).where(SyncRun.practice == practice, among(together, ids))
    by_id: dict[str, list[SyncRun]] = {flow_run_id: [] for flow_run_id in ids}
    for run in session.exec(found.order_by(col(SyncRun.started_at), col(SyncRun.id))):
        by_id[run.flow_run_id or run.id].append(run)
    return list(by_id.values())


def named(session: Session, practice: str, run: str) -> list[SyncRun]:
    """Find the runs that an id means: one entity's, or all of a flow run; the oldest first."""
    meant = select(SyncRun).where(SyncRun.practice == practice, or_(SyncRun.id == run, SyncRun.flow_run_id == run))
    return list(session.exec(meant.order_by(col(SyncRun.started_at), col(SyncRun.id))))


def begun_since(session: Session, practice: str, moment: datetime) -> list[SyncRun]:
    """Find the runs that began at a moment or later; the oldest first."""
    later = select(SyncRun).where(SyncRun.practice == practice, SyncRun.started_at >= moment)
    return list(session.exec(later.order_by(col(SyncRun.started_at), col(SyncRun.id))))


def _synced_well(practice: str, tenant_id: str, entity: str) -> SelectOfScalar[SyncRun]:
    of_all = col(SyncRun.reason_key).is_distinct_from(OF_CHOSEN_RECORDS)
    return _ended_well(practice, tenant_id, entity).where(SyncRun.trigger != SyncTrigger.REVERT, of_all)


def _ended_well(practice: str, tenant_id: str, entity: str) -> SelectOfScalar[SyncRun]:
    """The runs of an entity that ended well, the newest first."""
    ended_well = select(SyncRun).where(
        SyncRun.practice == practice,
        SyncRun.tenant_id == tenant_id,
        SyncRun.entity == entity,
        SyncRun.status == RunStatus.SUCCESS,
        SyncRun.trigger != SyncTrigger.REPLAY,
    )
    return ended_well.order_by(col(SyncRun.started_at).desc())
