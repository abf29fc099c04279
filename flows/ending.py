"""How a run ends: in plain words, with a state that is never better than what happened.

Prefect shows a state by its name, so *Action Required* and *Failure* stand there as in Practice Activity; both are of
Prefect's type FAILED, so that *Retry* is offered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from tasks.ending import record_ending, record_interruption, record_stop
from tasks.parking import continue_later
from xpm.entities.names import Entity
from xpm.quota.parking import rest_of
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.words import Message, Stopped
from xpm.xero.errors import XeroError


def stopped(practice: str, reason: Stopped | XeroError) -> State[Any]:
    """End a run that was stopped before anything was synchronised, with the connection as it was."""
    said = record_stop(practice, reason, str(flow_run.id))
    return state_of(said)


def ended(
    practice: str,
    trigger: SyncTrigger,
    parts: Mapping[Entity, State[Any]],
    mode: SyncMode = SyncMode.FULL,
    person: str = "",
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> State[Any]:
    """End a run whose parts ran, each on its own; the whole is as good as the worst of them.

    What the day's limit left undone goes on by itself in a run of its own.
    """
    outcomes = {entity: part.result(raise_on_failure=False) for entity, part in parts.items()}
    if rest := rest_of(practice, mode, trigger, person, outcomes, records=records, confirm_missing=confirm_missing):
        told = continue_later(rest, return_state=True).result(raise_on_failure=False)
        said = told if isinstance(told, Message) else rest.said(is_scheduled=False)
        outcomes |= dict.fromkeys(rest.entities, Stopped(said))
    said = record_ending(practice, trigger, outcomes, str(flow_run.id), person)
    return state_of(said)


def crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: the program that ran the flow is gone; say so, and put a reconnect that was under way back."""
    _interrupted(flow_run, "runbook.crashed")


def cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: somebody cancelled the run; say so, and put a reconnect that was under way back."""
    _interrupted(flow_run, "runbook.cancelled")


def failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook: the run ended by an error that nobody foresaw; say so, and put a reconnect that was under way back.

    What was foreseen ends under a name of its own (see `state_of`) and was written down already.
    """
    if state.name == "Failed":
        _interrupted(flow_run, "runbook.failed")


def state_of(said: Message) -> State[Any]:
    """Completed for a success; anything else stands under its own name.

    A run that goes on by itself is Parked: not done, and nothing for anybody to repair.
    """
    if said.status is ActivityStatus.SUCCESS:
        return Completed(message=said.text)
    if said.status is ActivityStatus.IN_PROGRESS:
        return Completed(name="Parked", message=said.text)
    return Failed(name=str(said.status), message=said.text)


def _interrupted(flow_run: FlowRun, key: str) -> None:
    """Of a dry run there is nothing to say: it writes nothing, however it ends."""
    if not flow_run.parameters.get("dry_run"):
        record_interruption(flow_run.parameters["practice"], key, str(flow_run.id))
