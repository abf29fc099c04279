"""`fyi-xpm reconnect`, `fyi-xpm sync` and `fyi-xpm push`: start a runbook in Prefect and follow it to its end."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from prefect.client.schemas.objects import State
from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.following import follow
from cli.installation import installation
from cli.integration import integration
from cli.next_commands import say_next
from cli.prefect_server import prefect
from cli.progress import progress
from cli.terminal import say
from xpm.consent.under_way import under_way_of
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.push.listing import list_edits
from xpm.quota.amounts import said_after, together
from xpm.quota.progress import Prediction
from xpm.store import people
from xpm.store.pull import runs
from xpm.store.vocabulary import UNDECIDED, SyncMode
from xpm.words import Message, stop
from xpm.words.moments import moment_in


class Ended(BaseModel):
    """How a run ended. `took` is None if the run asked nothing of Xero, such as a revert."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: str
    completed: bool
    message: str | None
    took: Message | None

    @property
    def code(self) -> int:
        """The command's exit code."""
        return 0 if self.completed else 1


def sync(
    practice: str,
    chosen: Sequence[Entity],
    mode: SyncMode,
    person: str,
    *,
    records: Sequence[str],
    confirm_missing: int,
    as_json: bool,
) -> NoReturn:
    """Start a sync of a practice and follow it. The exit code tells how it ended."""
    entities = [Entity(name) for name in chosen]
    parameters: dict[str, object] = {
        "practice": practice,
        "entities": [str(entity) for entity in entities],
        "mode": str(mode),
        "person": person,
    }
    if records:
        parameters["records"] = list(records)
    if confirm_missing:
        parameters["confirm_missing"] = confirm_missing
    ended = start_and_follow("sync/sync-practice", practice, parameters, silent=as_json)
    answer(ended, show_end, as_json=as_json)
    sys.exit(ended.code)


def push(practice: str, *, as_json: bool) -> NoReturn:
    """Start a push of a practice's edits and follow it. The exit code tells how it ended."""
    ended = start_and_follow("push/push", practice, {"practice": practice}, silent=as_json)
    ended = ended.model_copy(update={"took": None})  # most of its calls write, and only those that read are counted
    answer(ended, lambda _: _show_decisions(practice), as_json=as_json)
    sys.exit(ended.code)


def _show_decisions(practice: str) -> None:
    """Print where to decide about edits, if any wait for it."""
    with installation() as opened:
        if list_edits(opened, practice, UNDECIDED, limit=1):
            say_next("push.only_decisions", practice)


def reconnect(parameters: dict[str, object], *, take_over: bool = False) -> NoReturn:
    """Start a reconnect and follow it. The exit code tells how it ended.

    Raises:
        Stopped: somebody else has one under way, and this one is not to `take_over`.
    """
    if not take_over:
        _require_nobody_else(str(parameters["practice"]), str(parameters["admin_email"]))
    ended = start_and_follow("reconnect/reconnect-and-resync", str(parameters["practice"]), parameters)
    show_end(ended)
    sys.exit(ended.code)


def _require_nobody_else(practice: str, admin: str) -> None:
    with integration() as opened:
        known = opened.practice(practice)
        with opened.database.read() as session:
            other = under_way_of(session, practice)
    if other and other.email != people.matched(admin):
        raise stop("operator.take_over", person=other.person, at=moment_in(other.at, known.time_zone))


def start_and_follow(runbook: str, practice: str, parameters: dict[str, object], *, silent: bool = False) -> Ended:
    """Start a run of a deployment and follow it to its end."""
    with integration() as opened:
        opened.practice(practice)
        with prefect() as client, progress("Waiting for a worker", silent=silent) as bar:
            deployment = client.read_deployment_by_name(runbook)
            run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
            state = follow(run.id, opened, client, bar)
        return _ended(opened, practice, str(run.id), state)


def show_end(ended: Ended) -> None:
    """Print what a run asked of Xero. Following the run has already printed how it ended."""
    if ended.took:
        say(ended.took.title)


def _ended(integration: Integration, practice: str, flow_run_id: str, state: State) -> Ended:
    return Ended(
        id=flow_run_id,
        state=state.name or str(state.type),
        completed=state.is_completed(),
        message=state.message,
        took=_took(integration, practice, flow_run_id),
    )


def _took(integration: Integration, practice: str, flow_run_id: str) -> Message | None:
    with integration.database.read() as session:
        done = [run for run in runs.named(session, practice, flow_run_id) if run.calls]
    if not done:
        return None
    predicted = together(Prediction(run.predicted_calls, run.predicted_bytes) for run in done)
    made = together(Prediction(run.calls, run.bytes) for run in done)
    return said_after("Xero", predicted, made)
