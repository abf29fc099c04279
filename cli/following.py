"""Shows a run's steps in the terminal as they happen."""

import time
from typing import Protocol
from uuid import UUID

from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.client.schemas.sorting import TaskRunSort
from rich.console import Console
from rich.status import Status
from rich.text import Text

from xpm.consent.invitation import link_to
from xpm.integration import Integration
from xpm.store.consent import attempts
from xpm.store.pull import runs
from xpm.store.vocabulary import AttemptOutcome, RunStatus

LOOK_EVERY = 1.0  # seconds


class Prefect(Protocol):
    """What is asked of Prefect's client."""

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """The run as it is now."""

    def read_task_runs(self, *, flow_run_filter: FlowRunFilter, sort: TaskRunSort) -> list[TaskRun]:
        """The run's steps."""


def follow(
    flow_run_id: UUID,
    integration: Integration,
    client: Prefect,
    console: Console,
    *,
    patience: float = float("inf"),
) -> State:
    """Print each step when it is over, and where to go while a person is waited for; return the run's last state.

    Raises:
        TimeoutError: the run did not end within `patience` seconds.
    """
    told: set[UUID] = set()
    invited = asked = False
    deadline = time.monotonic() + patience
    with console.status("Waiting for a worker") as spinner:
        while time.monotonic() < deadline:
            run = client.read_flow_run(flow_run_id)
            _tell_steps(client, flow_run_id, told, console)
            if run.state is not None and run.state.is_final():
                console.print(run.state.message or run.state.name, soft_wrap=True)
                return run.state
            invited = invited or _tell_link(integration, flow_run_id, console)
            asked = asked or _tell_question(integration, run, console)
            _show_progress(integration, str(run.parameters["practice"]), run.state, spinner)
            time.sleep(LOOK_EVERY)
    raise TimeoutError(f"The run did not end within {patience:.0f} seconds.")


def _tell_steps(client: Prefect, flow_run_id: UUID, told: set[UUID], console: Console) -> None:
    steps = client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])), sort=TaskRunSort.END_TIME_DESC
    )
    for step in reversed(steps):
        if step.id not in told and step.state is not None and step.state.is_final():
            told.add(step.id)
            console.print(_line(step, step.state), soft_wrap=True)


def _line(step: TaskRun, state: State) -> Text:
    mark = ("✓ ", "green") if state.is_completed() else ("✗ ", "red")
    name = state.name or ""
    note = f" ({name.lower()})" if name not in ("Completed", "Failed") else ""
    seconds = step.total_run_time.total_seconds()
    return Text.assemble(mark, step.name.rpartition("-")[0], note, (f" {seconds:.1f} s", "dim"))


def _tell_link(integration: Integration, flow_run_id: UUID, console: Console) -> bool:
    """Print the link of the attempt that waits for its answer, unbroken, so that it can be clicked or copied."""
    with integration.database.read() as session:
        of_run = attempts.of_run(session, str(flow_run_id))
    waiting = [attempt for attempt in of_run if attempt.outcome is AttemptOutcome.WAITING]
    for attempt in waiting:
        console.print(f"Log in to Xero and click Allow Access: {link_to(integration, attempt.id)}", soft_wrap=True)
    return bool(waiting)


def _tell_question(integration: Integration, run: FlowRun, console: Console) -> bool:
    """Print where to type the name of the chosen practice. A pause after the choice is that question."""
    with integration.database.read() as session:
        of_run = attempts.of_run(session, str(run.id))
    asks = run.state is not None and run.state.is_paused()
    asks = asks and any(attempt.tenant_id and attempt.confirmed_at is None for attempt in of_run[:1])
    if asks:
        page = f"{integration.settings.xpm_console_url}/runs/{run.id}"
        console.print(f"Confirm the practice by its name: {page}", soft_wrap=True)
    return asks


def _show_progress(integration: Integration, practice: str, state: State | None, spinner: Status) -> None:
    """The counts of the sync that is under way are committed with every batch, so they show how far it is."""
    with integration.database.read() as session:
        under_way = [run for run in runs.latest(session, practice).values() if run.status is RunStatus.RUNNING]
    counts = ", ".join(f"{run.entity}: {run.added + run.changed + run.unchanged} records" for run in under_way)
    spinner.update(counts or (state.name if state else None) or "Waiting")
