"""Sees to runs that wait for a person, or did: nobody else looks after a suspended run, which has no program."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import get_client, get_run_logger, task
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from tasks.ending import record_interruption
from xpm.access.audit import AuditOutcome
from xpm.consent.invitation import withdraw_lost
from xpm.consent.states import reconnecting_run
from xpm.integration import Integration
from xpm.store import practices
from xpm.words import step_title

SUSPENDED = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
PAGE = 200  # runs; as many as Prefect lists at once
MINUTES = 30  # how long a run waits for each answer if its parameters do not say


@task(name=step_title("end_waits"))
def end_waits() -> None:
    """Wake runs whose time to be answered is up, and withdraw reconnects whose run is over without having said so.

    A woken run finds no answer, and ends as it should. A run that was cancelled or crashed without a program left to
    say so leaves its reconnect open.
    """
    with get_client(sync_client=True) as client:
        for run in [*_suspended(client)]:
            if _is_overdue(run):
                get_run_logger().info("Nobody answered %s in time.", run.name)
                client.set_flow_run_state(run.id, Scheduled(message="Nobody answered in time"))
        for practice, flow_run_id in _reconnects_under_way():
            _withdraw_if_over(client, practice, flow_run_id)


def _suspended(client: SyncPrefectClient) -> Iterator[FlowRun]:
    seen = 0
    while page := client.read_flow_runs(flow_run_filter=SUSPENDED, limit=PAGE, offset=seen):
        yield from page
        seen += len(page)


def _is_overdue(run: FlowRun) -> bool:
    """Whether the run has waited for longer than its parameter says."""
    patience = timedelta(minutes=float(run.parameters.get("answer_within_minutes", MINUTES)))
    return run.state is not None and datetime.now(UTC) - run.state.timestamp >= patience


def _reconnects_under_way() -> list[tuple[str, str]]:
    """The practices that are being reconnected, each with its flow run."""
    with Integration.opened() as integration, integration.database.read() as session:
        every = [practice.slug for practice in practices.all_of_them(session)]
        return [(slug, run) for slug in every if (run := reconnecting_run(session, slug))]


def _withdraw_if_over(client: SyncPrefectClient, practice: str, flow_run_id: str) -> None:
    try:
        run = client.read_flow_run(UUID(flow_run_id))
    except ObjectNotFound:  # somebody deleted it
        with Integration.opened() as integration:
            withdraw_lost(integration, practice, flow_run_id)
        return
    if run.state is None or not run.state.is_final():
        return
    if run.state.is_cancelled():
        record_interruption("reconnect", run, "runbook.cancelled", AuditOutcome.CANCELLED)
    else:
        record_interruption("reconnect", run, "runbook.crashed", AuditOutcome.FAILED)
