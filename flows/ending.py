"""How a run ends: in plain words, with a state that is never better than what happened.

Prefect shows a state by its name, so a run shows *Action Required* and *Failure* as in Practice Activity. Both have
Prefect's type FAILED, so that Prefect offers *Retry*.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from tasks.ending import record_ending, record_interruption, record_stop
from tasks.parking import continue_later
from xpm.access.audit import AuditOutcome
from xpm.entities.names import Entity
from xpm.installation import WrongSchema
from xpm.quota.parking import rest_of
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.words import Message, Stopped
from xpm.xero.errors import XeroError


def stopped(practice: str, reason: Stopped | XeroError, trigger: SyncTrigger | None = None) -> State[Any]:
    """End a run that stopped before anything was synchronised; the connection stays as it was.

    `trigger` is what asked for a sync.

    Nothing is written to a database of another version: its end shows in Prefect alone.
    """
    if isinstance(reason, WrongSchema):
        return state_of(reason.message)
    said = record_stop(practice, reason, str(flow_run.id), trigger)
    return state_of(said)


def ended(
    practice: str,
    trigger: SyncTrigger,
    states: Mapping[Entity, State[Any]],
    mode: SyncMode = SyncMode.FULL,
    person: str = "",
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> State[Any]:
    """End a run whose entities were synchronised separately; the run is only as good as the worst of them.

    A run is scheduled for what is left undone because the day's calls are used up.
    """
    outcomes = {entity: state.result(raise_on_failure=False) for entity, state in states.items()}
    if rest := rest_of(practice, mode, trigger, person, outcomes, records=records, confirm_missing=confirm_missing):
        continued = continue_later(rest, return_state=True).result(raise_on_failure=False)
        said = continued if isinstance(continued, Message) else rest.message(is_scheduled=False)
        outcomes |= dict.fromkeys(rest.entities, Stopped(said))
    is_full = mode is SyncMode.FULL and not records
    said = record_ending(practice, trigger, outcomes, str(flow_run.id), person, is_full=is_full)
    return state_of(said)


def crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: the program that ran the flow died. Log it, and withdraw a reconnect that was under way."""
    _interrupted(flow, flow_run, "runbook.crashed")


def cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: somebody cancelled the run. Log it, and withdraw a reconnect that was under way."""
    _interrupted(flow, flow_run, "runbook.cancelled", AuditOutcome.CANCELLED)


def failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: an unexpected error ended the run. Log it, and withdraw a reconnect that was under way.

    Expected ends have a state name of their own (see `state_of`) and are already logged.
    """
    if state.name == "Failed":
        _interrupted(flow, flow_run, "runbook.failed")


def state_of(message: Message) -> State[Any]:
    """Return Completed for a success, and otherwise a state named after the message's status.

    An Alert is Completed too: everything was done. A run that continues by itself is Parked: not finished, but nobody
    has to do anything.
    """
    if message.status is ActivityStatus.SUCCESS:
        return Completed(message=message.text)
    if message.status is ActivityStatus.ALERT:
        return Completed(name=str(message.status), message=message.text)
    if message.status is ActivityStatus.IN_PROGRESS:
        return Completed(name="Parked", message=message.text)
    return Failed(name=str(message.status), message=message.text)


def _interrupted(
    flow: Flow[..., Any], flow_run: FlowRun, key: str, outcome: AuditOutcome = AuditOutcome.FAILED
) -> None:
    """Log the interruption, except of a dry run, which writes nothing however it ends."""
    if not flow_run.parameters.get("dry_run"):
        record_interruption(flow.name, flow_run, key, outcome)
