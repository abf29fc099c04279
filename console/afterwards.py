"""What to do after a run that did not end well: sync again what is missing, reconnect, or nothing at all."""

from dataclasses import dataclass
from datetime import datetime

from console.runs import FlowRunSeen, StepState
from console.traces import RunTraces
from xpm.access.rights import Caller, Right
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.tables import Connection
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode

BROKEN = frozenset(
    {
        ConnectionState.NOT_CONNECTED,
        ConnectionState.NEEDS_RECONNECT,
        ConnectionState.DISCONNECTED,
        ConnectionState.PRIVILEGE_LOST,
    }
)
"""The states in which only a reconnect helps."""


@dataclass(frozen=True)
class Cure:
    """The button of a run that is over: syncs `again`, in this mode, or leads to the reconnect if it is empty."""

    label: str
    again: tuple[Entity, ...] = ()
    mode: SyncMode = SyncMode.FULL


def cure_of(run: FlowRunSeen, traces: RunTraces, connection: Connection, caller: Caller, now: datetime) -> Cure | None:
    """Return what the caller can do about a run that ended badly, or None: nothing has to be done, or others do it."""
    if run.stage is not StepState.FAILED or run.runbook == "revert":
        return None
    if connection.state in BROKEN:
        return Cure("Reconnect XPM") if caller.may(Right.ADMINISTER, run.practice) else None
    if connection.state is not ConnectionState.CONNECTED:  # a newer reconnect is under way
        return None
    if run.runbook == "reconnect" and not traces.syncs:  # it ended before it changed anything
        return Cure("Start again") if caller.may(Right.ADMINISTER, run.practice) else None
    again = tuple(entity for entity in EVERYTHING if entity in run.entities and _is_missing(entity, traces, now))
    if run.chosen or not again or not caller.may(Right.SYNC, run.practice):
        return None
    return Cure("Start again", again, run.mode)


def _is_missing(entity: Entity, traces: RunTraces, now: datetime) -> bool:
    """Whether the run did not bring this in step, and no other run will. Until a parked sync is due, asking is vain."""
    sync = traces.syncs.get(entity)
    if sync is None:
        return True
    if sync.status is RunStatus.PARKED:
        return sync.resumes_at is None or sync.resumes_at <= now
    return sync.status not in {RunStatus.SUCCESS, RunStatus.SKIPPED}
