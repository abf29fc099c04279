"""Writes to the audit trail that a run begins, and how it ended.

Prefect says whether a schedule or an automation started a run, and otherwise not who did: whoever may use its API may
start one, and name anybody in its parameters. So the trail names the run, what Prefect knows of its start, and whom its
parameters name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from sqlmodel import Session

from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action, AuditOutcome
from xpm.installation import Installation
from xpm.store.audit import entries
from xpm.store.vocabulary import ActivityStatus, SyncTrigger
from xpm.words import Message

ACTIONS = {"reconnect": Action.RECONNECT, "sync": Action.SYNC, "revert": Action.REVERT}
"""The flows that change something, by their names."""
NAMING = ("admin_email", "person")
"""The parameters that name a person."""
OUTCOMES = {
    ActivityStatus.SUCCESS: AuditOutcome.DONE,
    ActivityStatus.ALERT: AuditOutcome.DONE,
    ActivityStatus.IN_PROGRESS: AuditOutcome.DONE,  # parked: what it could do is done
    ActivityStatus.ACTION_REQUIRED: AuditOutcome.REFUSED,
    ActivityStatus.FAILURE: AuditOutcome.FAILED,
}


@dataclass(frozen=True)
class RunAct:
    """What a run does, by whom and to what."""

    action: Action
    actor: Actor
    practice: str
    resource: str
    is_overnight: bool

    def end(
        self,
        session: Session,
        installation: Installation,
        said: Message,
        *,
        now: datetime,
        outcome: AuditOutcome | None = None,
    ) -> None:
        """Add the line of the run's end, in the transaction that logs it. Without an outcome it follows from `said`."""
        audit.record(
            session,
            installation,
            self.actor,
            self.action,
            now=now,
            practice=self.practice,
            resource=self.resource,
            outcome=outcome or OUTCOMES[said.status],
            detail=said.key,
        )


def begin() -> None:
    """Add a line that this run begins. An overnight sync has none: the line of its end is enough.

    A run that goes on after a wait is run again from its beginning, but begins only once.
    """
    act = this_run()
    with Installation.opened() as installation:
        if act is None or act.is_overnight or _goes_on(installation, act):
            return
        audit.record_alone(
            installation,
            act.actor,
            act.action,
            practice=act.practice,
            resource=act.resource,
            outcome=AuditOutcome.BEGUN,
        )


def _goes_on(installation: Installation, act: RunAct) -> bool:
    """Whether the trail says that this run began and has not ended."""
    with installation.database.read() as session:
        last = entries.last_of_run(session, act.practice, str(act.actor.flow_run_id), act.action)
    return last is not None and last.outcome == AuditOutcome.BEGUN


def end_again(said: Message) -> None:
    """Add a line that this run ended as an earlier try of it did, with nothing left to do."""
    if act := this_run():
        with Installation.opened() as installation, installation.database.write() as session:
            act.end(session, installation, said, now=installation.clock())


def this_run() -> RunAct | None:
    """What the present run does. None for runs that change nothing: the watch, dry runs."""
    context = FlowRunContext.get()
    if context is None or context.flow is None or context.flow_run is None:
        return None
    return act_of(context.flow.name, context.flow_run)


def act_of(flow: str, run: FlowRun) -> RunAct | None:
    """What a run of this flow does. None for runs that change nothing."""
    if flow not in ACTIONS or run.parameters.get("dry_run"):
        return None
    given = run.parameters
    named = next((str(given[name]) for name in NAMING if given.get(name)), None)
    return RunAct(
        ACTIONS[flow],
        Actor(ActorKind.RUN, started_by(run), flow_run_id=str(run.id), named=named),
        practice=str(given.get("practice", "")),
        resource=", ".join(_about(given)),
        is_overnight=given.get("trigger") == SyncTrigger.OVERNIGHT,
    )


def started_by(run: FlowRun) -> str:
    """What started a run, as far as Prefect knows."""
    if run.auto_scheduled:
        return "schedule"
    if run.created_by and run.created_by.display_value:
        return f"{str(run.created_by.type).lower()} {run.created_by.display_value}"
    return "request to Prefect"


def _about(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What a run acts on, in a few words."""
    for name in ("trigger", "mode", "run", "since"):
        if parameters.get(name):
            yield str(parameters[name])
    yield from map(str, parameters.get("entities") or ())
    if records := parameters.get("records"):
        yield f"records: {len(records)}"
    if missing := parameters.get("confirm_missing"):
        yield f"confirm missing: {missing}"
    if parameters.get("another_account"):
        yield "another account"
