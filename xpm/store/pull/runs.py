"""Sync runs: when each began, how far it got, how it ended."""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from xpm.store.engine.key_lists import among
from xpm.store.errors import UnknownRun
from xpm.store.records.rows import Scope
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import BESIDE_SYNCS, RunStatus, SyncMode, SyncTrigger

AHEAD = timedelta(minutes=5)  # by which another computer's clock may be ahead of ours

OF_A_PART = frozenset(
    {
        "sync.values_chosen",
        "sync.values_unknown",
        "sync.records_chosen",
        "sync.records_unknown",
        "sync.chosen_set_aside",
        "sync.chosen_partly_read",
        "sync.chosen_without_parts",
        "sync.definitions_alone",
    }
)
"""The `reason_key` of a run that read only a part, such as a few chosen records; all others stayed as old."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a batch of a run did. The counts of batches add up."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    removed: int = 0
    quarantined: int = 0
    partly_read: int = 0
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
    xero_userid: str | None = None,
    flow_run_id: str | None = None,
    predicted_calls: int | None = None,
    predicted_bytes: int | None = None,
    now: datetime,
) -> SyncRun:
    """Add the row of a run that begins now."""
    earlier = select(func.max(SyncRun.number)).where(SyncRun.practice == practice, SyncRun.entity == entity)
    run = SyncRun(
        id=str(uuid.uuid4()),
        number=(session.exec(earlier).one() or 0) + 1,
        practice=practice,
        tenant_id=tenant_id,
        entity=entity,
        mode=mode,
        trigger=trigger,
        person=person,
        xero_userid=xero_userid,
        flow_run_id=flow_run_id,
        predicted_calls=predicted_calls,
        predicted_bytes=predicted_bytes,
        started_at=now,
    )
    session.add(run)
    session.flush()
    return run


def get(session: Session, run_id: str) -> SyncRun:
    """Return one run. Raises UnknownRun."""
    run = session.get(SyncRun, run_id)
    if run is None:
        raise UnknownRun(run_id)
    return run


def checkpoint(session: Session, run_id: str, tally: RunCounts) -> SyncRun:
    """Add a batch's counts to the run. Call it in the transaction that writes the batch."""
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
    """End a run.

    `watermark`: all that changed in XPM before this time is stored. `resumes_at`: when a parked run can continue.
    """
    run = get(session, run_id)
    run.status, run.reason_key, run.finished_at = status, reason_key, now
    run.watermark, run.resumes_at = watermark, resumes_at
    session.flush()
    return run


def is_retried_by(run: SyncRun) -> ColumnElement[bool]:
    """The condition for runs that `run` retries: same flow run, same mode. A run without a flow run retries none."""
    same_flow_run = and_(col(SyncRun.flow_run_id).is_not(None), col(SyncRun.flow_run_id) == run.flow_run_id)
    return and_(col(SyncRun.mode) == run.mode, same_flow_run)


def retried_since(session: Session, run: SyncRun, earliest: datetime) -> datetime | None:
    """When the first run that this one retries began, among failed and parked runs not older than `earliest`."""
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
    """Find the last successful run of an entity.

    It may be a revert; FYI then differs from what XPM had. It is never a replay, which leaves other records as old as
    they were, and for the same reason no push and no run of a part, such as chosen records.
    """
    return session.exec(_ended_well(practice, tenant_id, entity).limit(1)).one_or_none()


def moved_since(session: Session, run: SyncRun) -> bool:
    """Whether the entity was synchronised with another account since, so that FYI is not as this run left it."""
    elsewhere = select(SyncRun.id).where(
        SyncRun.practice == run.practice,
        SyncRun.entity == run.entity,
        col(SyncRun.number) > run.number,
        SyncRun.tenant_id != run.tenant_id,
    )
    return session.exec(elsewhere.limit(1)).first() is not None


def changed_since(session: Session, scope: Scope, entity: str, mode: SyncMode, now: datetime) -> datetime | None:
    """The time from which to ask for changes; `None` to ask for everything, also if there is nothing to start from.

    A watermark that lies ahead of `now` is not believed: a clock was or is wrong, and changes may have been missed.
    """
    if mode is not SyncMode.CHANGES:
        return None
    last = last_successful(session, scope.practice, scope.tenant_id, entity)
    if last is None or last.watermark is None or moved_since(session, last):
        return None
    return last.watermark if last.watermark <= now + AHEAD else None


def last_synced(session: Session, practice: str, tenant_id: str, entity: str) -> datetime | None:
    """When an entity was last synchronised successfully.

    Reverts and replays do not count, since they ask Xero for nothing, nor do runs that read only a part.
    """
    last = session.exec(_synced_well(practice, tenant_id, entity).limit(1)).one_or_none()
    return last.finished_at if last else None


def last_reverts(session: Session, practice: str) -> dict[str, int]:
    """The number of each entity's last revert. Every revert changes it, whatever the clock said when it began."""
    reverts = select(SyncRun.entity, func.max(SyncRun.number)).where(
        SyncRun.practice == practice, SyncRun.trigger == SyncTrigger.REVERT
    )
    return dict(session.exec(reverts.group_by(col(SyncRun.entity)).order_by(col(SyncRun.entity))).all())


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
    """Find the last successful runs of an entity, newest first.

    `complete`: the runs that saw everything XPM has, or else only the others. `mode`: only runs in this mode. Reverts
    and replays, which ask Xero for nothing, and runs that read only a part are left out.
    """
    seen_all = col(SyncRun.source_count).is_not(None) if complete else col(SyncRun.source_count).is_(None)
    found = _synced_well(practice, tenant_id, entity).where(seen_all)
    if mode is not None:
        found = found.where(SyncRun.mode == mode)
    return list(session.exec(found.limit(limit)))


def last_count(session: Session, scope: Scope, entity: str) -> int | None:
    """How many records XPM had at the last successful full run; `None` if there was none."""
    well = lately_successful(session, scope.practice, scope.tenant_id, entity, complete=True, limit=1)
    return well[0].source_count if well else None


def last_agreed(session: Session, scope: Scope, entity: str) -> SyncRun | None:
    """Find the last run that saw everything, and after which FYI had no record that XPM lacks."""
    agreed = select(SyncRun).where(
        SyncRun.practice == scope.practice,
        SyncRun.tenant_id == scope.tenant_id,
        SyncRun.entity == entity,
        col(SyncRun.stored_count) <= col(SyncRun.source_count),
    )
    return session.exec(agreed.order_by(col(SyncRun.number).desc()).limit(1)).one_or_none()


def last_finished(session: Session, practice: str, tenant_id: str, entity: str) -> SyncRun | None:
    """Find the last finished run of an entity, however it ended. Replays and pushes are left out."""
    over = select(SyncRun).where(
        SyncRun.practice == practice,
        SyncRun.tenant_id == tenant_id,
        SyncRun.entity == entity,
        SyncRun.status != RunStatus.RUNNING,
        col(SyncRun.trigger).not_in(BESIDE_SYNCS),
    )
    return session.exec(over.order_by(col(SyncRun.number).desc()).limit(1)).one_or_none()


def parked_since(session: Session, practice: str, tenant_id: str, entity: str) -> datetime | None:
    """When the first of the entity's last runs was parked, if each of them was; None if the last one was not.

    A run under way does not count until it has ended.
    """
    over = (
        SyncRun.practice == practice,
        SyncRun.tenant_id == tenant_id,
        SyncRun.entity == entity,
        SyncRun.status != RunStatus.RUNNING,
        col(SyncRun.trigger).not_in(BESIDE_SYNCS),
    )
    otherwise = select(func.max(SyncRun.number)).where(*over, SyncRun.status != RunStatus.PARKED)
    last = session.exec(otherwise).one() or 0
    parked = select(func.min(SyncRun.finished_at)).where(*over, col(SyncRun.number) > last)
    return session.exec(parked).one()


def latest(session: Session, practice: str) -> dict[str, SyncRun]:
    """The latest run of each entity, whatever its status. Replays and pushes are left out."""
    place = func.row_number().over(
        partition_by=col(SyncRun.entity), order_by=(col(SyncRun.number).desc(), col(SyncRun.id))
    )
    of_practice = (SyncRun.practice == practice, col(SyncRun.trigger).not_in(BESIDE_SYNCS))
    ranked = select(SyncRun.id, place.label("place")).where(*of_practice).subquery()
    newest = select(SyncRun).join(ranked, ranked.c.id == SyncRun.id).where(ranked.c.place == 1)
    return {run.entity: run for run in session.exec(newest)}


def last_counted(session: Session, practice: str) -> dict[str, SyncRun]:
    """The latest run of each entity that counted both sides. Reverts and replays ask Xero for nothing, so do not."""
    newest = (
        select(col(SyncRun.entity).label("entity"), func.max(SyncRun.number).label("number"))
        .where(
            SyncRun.practice == practice,
            col(SyncRun.source_count).is_not(None),
            col(SyncRun.trigger).not_in({SyncTrigger.REVERT, *BESIDE_SYNCS}),
        )
        .group_by(col(SyncRun.entity))
        .subquery()
    )
    is_newest = and_(col(SyncRun.entity) == newest.c.entity, col(SyncRun.number) == newest.c.number)
    found = session.exec(select(SyncRun).join(newest, is_newest).where(SyncRun.practice == practice))
    return {run.entity: run for run in found}


def unfinished(session: Session, practice: str, entity: str) -> list[SyncRun]:
    """Find runs that have not ended, newest first: they still work, or their process was killed.

    Runs of every account are included: a run killed before the practice moved to another account is over as well.
    """
    running = select(SyncRun).where(
        SyncRun.practice == practice, SyncRun.entity == entity, SyncRun.status == RunStatus.RUNNING
    )
    return list(session.exec(running.order_by(col(SyncRun.number).desc())))


def recent(session: Session, practice: str, limit: int) -> list[list[SyncRun]]:
    """The newest flow runs, newest first, each as the list of its runs. A run without a flow run stands alone.

    For people to read: the order is that of the times shown, by the clock of whoever ran it.
    """
    together = func.coalesce(SyncRun.flow_run_id, SyncRun.id)
    newest = select(together).where(SyncRun.practice == practice).group_by(together)
    ids = session.exec(newest.order_by(func.max(SyncRun.started_at).desc(), together).limit(limit)).all()
    found = select(SyncRun).where(SyncRun.practice == practice, among(together, ids))
    by_id: dict[str, list[SyncRun]] = {flow_run_id: [] for flow_run_id in ids}
    for run in session.exec(found.order_by(col(SyncRun.started_at), col(SyncRun.id))):
        by_id[run.flow_run_id or run.id].append(run)
    return list(by_id.values())


def named(session: Session, practice: str, run: str) -> list[SyncRun]:
    """Find the runs with this id: one entity's run, or all runs of a flow run, by entity, the oldest first."""
    meant = select(SyncRun).where(SyncRun.practice == practice, or_(SyncRun.id == run, SyncRun.flow_run_id == run))
    return list(session.exec(meant.order_by(col(SyncRun.entity), col(SyncRun.number))))


def begun_since(session: Session, practice: str, moment: datetime) -> list[SyncRun]:
    """Find the runs that began at this moment or later, by the clock of whoever ran them; in the order of `named`."""
    later = select(SyncRun).where(SyncRun.practice == practice, SyncRun.started_at >= moment)
    return list(session.exec(later.order_by(col(SyncRun.entity), col(SyncRun.number))))


def _synced_well(practice: str, tenant_id: str, entity: str) -> SelectOfScalar[SyncRun]:
    return _ended_well(practice, tenant_id, entity).where(SyncRun.trigger != SyncTrigger.REVERT)


def _ended_well(practice: str, tenant_id: str, entity: str) -> SelectOfScalar[SyncRun]:
    """The successful runs of an entity, newest first, without replays, pushes and runs that read only a part."""
    of_all = or_(col(SyncRun.reason_key).is_(None), col(SyncRun.reason_key).not_in(OF_A_PART))
    ended_well = select(SyncRun).where(
        SyncRun.practice == practice,
        SyncRun.tenant_id == tenant_id,
        SyncRun.entity == entity,
        SyncRun.status == RunStatus.SUCCESS,
        col(SyncRun.trigger).not_in(BESIDE_SYNCS),
        of_all,
    )
    return ended_well.order_by(col(SyncRun.number).desc())
