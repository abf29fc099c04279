"""Follows a run in the terminal, step by step."""

import time
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.client.schemas.sorting import TaskRunSort
from rich.text import Text

from cli.progress import Bar
from xpm.consent.invitation import link_to
from xpm.integration import Integration
from xpm.store.consent import attempts
from xpm.store.pull import runs
from xpm.store.vocabulary import AttemptOutcome, RunStatus
from xpm.words import message

LOOK_EVERY = 1.0  # seconds


class Prefect(Protocol):
    """The part of Prefect's client that following a run needs."""

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """The run as it is now."""

    def read_task_runs(self, *, flow_run_filter: FlowRunFilter, sort: TaskRunSort) -> list[TaskRun]:
        """The run's steps."""


def follow(
    flow_run_id: UUID, integration: Integration, client: Prefect, bar: Bar, *, patience: float = float("inf")
) -> State:
    """Print each step when it ends, and where to go when the run waits for a person. Return the run's last state.

    Raises:
        TimeoutError: the run did not end within `patience` seconds.
    """
    told: set[UUID | datetime] = set()
    invited = asked = False
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        run = client.read_flow_run(flow_run_id)
        _tell_steps(client, flow_run_id, told, bar)
        if run.state is not None and run.state.is_final():
            bar.print(run.state.message or run.state.name or "")
            return run.state
        invited = invited or _tell_link(integration, flow_run_id, bar)
        asked = asked or _tell_question(integration, run, bar)
        _show_progress(integration, str(run.parameters["practice"]), run.state, bar)
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"The run did not end within {patience:.0f} seconds.")


def _tell_steps(client: Prefect, flow_run_id: UUID, told: set[UUID | datetime], bar: Bar) -> None:
    """Print each step that has ended since, and each that waits to be tried again."""
    steps = client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])), sort=TaskRunSort.END_TIME_DESC
    )
    for step in reversed(steps):
        if step.id not in told and step.state is not None and step.state.is_final():
            told.add(step.id)
            bar.print(_line(step, step.state))
        if (again_at := _again_at(step.state)) and again_at not in told:
            told.add(again_at)
            seconds = max(0, round((again_at - datetime.now(UTC)).total_seconds()))
            bar.print(message("sync.tries_again", what=_name(step), reason="", seconds=seconds).title)


def _again_at(state: State | None) -> datetime | None:
    """When a step that failed is tried again."""
    waits = state is not None and state.name == "AwaitingRetry"
    return state.state_details.scheduled_time if state is not None and waits else None


def _name(step: TaskRun) -> str:
    """The step's name without the piece of its key that Prefect appends where the step has no name of its own."""
    return step.name.removesuffix(f"-{step.dynamic_key[:3]}")


def _line(step: TaskRun, state: State) -> Text:
    mark = ("✓ ", "green") if state.is_completed() else ("✗ ", "red")
    name = state.name or ""
    note = f" ({name.lower()})" if name not in ("Completed", "Failed") else ""
    seconds = step.total_run_time.total_seconds()
    return Text.assemble(mark, _name(step), note, (f" {seconds:.1f} s", "dim"))


def _tell_link(integration: Integration, flow_run_id: UUID, bar: Bar) -> bool:
    """Print the link of the attempt that waits for an answer, on one line so that it can be clicked or copied."""
    with integration.database.read() as session:
        of_run = attempts.of_run(session, str(flow_run_id))
    waiting = [attempt for attempt in of_run if attempt.outcome is AttemptOutcome.WAITING]
    for attempt in waiting:
        bar.print(f"Log in to Xero and click Allow Access: {link_to(integration, attempt.id)}")
    return bool(waiting)


def _tell_question(integration: Integration, run: FlowRun, bar: Bar) -> bool:
    """Print where to confirm the chosen account by its name. The run pauses for this after the choice."""
    with integration.database.read() as session:
        of_run = attempts.of_run(session, str(run.id))
    asks = run.state is not None and run.state.is_paused()
    asks = asks and any(attempt.tenant_id and attempt.confirmed_at is None for attempt in of_run[:1])
    if asks:
        bar.print(f"Confirm the account by its name: {integration.settings.xpm_console_url}/runs/{run.id}")
    return asks


def _show_progress(integration: Integration, practice: str, state: State | None, bar: Bar) -> None:
    """Show how far the syncs under way are: every batch commits its counts."""
    with integration.database.read() as session:
        under_way = [run for run in runs.latest(session, practice).values() if run.status is RunStatus.RUNNING]
    counts = ", ".join(f"{run.entity}: {run.added + run.changed + run.unchanged} records" for run in under_way)
    expected = sum(run.predicted_calls or 0 for run in under_way)
    doing = counts or (state.name if state else None) or "Waiting"
    bar.show(doing, sum(run.calls for run in under_way), expected or None)
