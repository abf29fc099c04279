"""Finds a run that already does the requested sync, so that the person joins it and no second run starts."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from console.desk import Desk
from console.runs import FlowRunSeen, UnknownFlowRun
from console.traces import traces_of
from xpm.entities.gates import not_left_out
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.turn import running_now
from xpm.store import activity
from xpm.store.tables import Practice
from xpm.store.vocabulary import RunStatus, SyncMode, Topic


def run_to_join(desk: Desk, practice: Practice, entities: Sequence[Entity], mode: SyncMode) -> UUID | None:
    """Return a run that syncs all these entities at least as thoroughly and is not finished. Raises RunsUnavailable."""
    with desk.integration.database.read() as session:
        for flow_run_id in _under_way(desk, session, practice.slug):
            run = _seen(desk, flow_run_id)
            if run is None or run.stage.is_over or run.is_cancelling or run.mode not in (mode, SyncMode.FULL):
                continue
            synced = _synced_by(desk, session, practice, run)
            if set(entities) <= synced and _has_more_to_do(session, run, entities):
                return run.id
    return None


def _under_way(desk: Desk, session: Session, slug: str) -> list[str]:
    """List the flow runs that work for the practice now, and the latest requested one, which may await a worker."""
    now = desk.integration.shared_time(session)
    working = [running_now(session, slug, entity, now) for entity in EVERYTHING]
    requested = activity.latest(session, slug, Topic.SYNC_REQUESTED)
    found = [one.flow_run_id for one in (*working, requested) if one and one.flow_run_id]
    return list(dict.fromkeys(found))


def _seen(desk: Desk, flow_run_id: str) -> FlowRunSeen | None:
    try:
        return desk.runs.read(UUID(flow_run_id))
    except UnknownFlowRun:
        return None


def _synced_by(desk: Desk, session: Session, practice: Practice, run: FlowRunSeen) -> set[Entity]:
    """Return the entities that a run syncs in full, by the practice's current settings."""
    if run.chosen:
        return set()
    return set(
        not_left_out(
            session,
            practice,
            run.entities,
            run.trigger,
            tax_source=desk.integration.has_tax_source(practice.slug),
        )
    )


def _has_more_to_do(session: Session, run: FlowRunSeen, entities: Sequence[Entity]) -> bool:
    """Whether any of the entities is still to be synced. If all are done, the person wants them synced again."""
    syncs = traces_of(session, str(run.id)).syncs
    done = {entity for entity, sync in syncs.items() if sync.status is not RunStatus.RUNNING}
    return not set(entities) <= done
