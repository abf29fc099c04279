"""Whoever asks for a sync that is under way is led to it: no second one starts."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from console.desk import Desk
from console.left import left_by
from console.runs import FlowRunSeen, UnknownFlowRun
from xpm.entities.gates import not_left_out
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.run import running_now
from xpm.store import activity
from xpm.store.tables import Practice
from xpm.store.vocabulary import RunStatus, SyncMode, Topic


def run_to_join(desk: Desk, practice: Practice, entities: Sequence[Entity], mode: SyncMode) -> UUID | None:
    """The run that brings all of this, at least as thoroughly, and is not done with it. Raises RunsUnavailable."""
    with desk.integration.database.read() as session:
        for flow_run_id in _under_way(desk, session, practice.slug):
            run = _seen(desk, flow_run_id)
            if run is None or run.stage.is_over or run.is_cancelling or mode not in (run.mode, SyncMode.CHANGES):
                continue
            brought = _brought(desk, session, practice, run)
            if set(entities) <= brought and _has_more_to_do(session, run, entities):
                return run.id
    return None


def _under_way(desk: Desk, session: Session, slug: str) -> list[str]:
    """The flow runs that work for the practice now, and the one asked for last, which may wait for a worker still."""
    now = desk.integration.clock()
    working = [running_now(session, slug, entity, now) for entity in EVERYTHING]
    asked = activity.latest(session, slug, Topic.SYNC_REQUESTED)
    found = [one.flow_run_id for one in (*working, asked) if one and one.flow_run_id]
    return list(dict.fromkeys(found))


def _seen(desk: Desk, flow_run_id: str) -> FlowRunSeen | None:
    try:
        return desk.runs.read(UUID(flow_run_id))
    except UnknownFlowRun:
        return None


def _brought(desk: Desk, session: Session, practice: Practice, run: FlowRunSeen) -> set[Entity]:
    """Of which entities a run brings all records, by the practice's settings as they are now."""
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
    """What is done already was asked for again for a reason."""
    syncs = left_by(session, str(run.id)).syncs
    done = {entity for entity, sync in syncs.items() if sync.status is not RunStatus.RUNNING}
    return not set(entities) <= done
