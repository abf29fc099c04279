"""Schedules a run for what another run left undone when the day's calls were used up."""

from uuid import UUID

from prefect import task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Scheduled

from xpm.integration import Integration
from xpm.quota.parking import Rest
from xpm.words import Message, step_title

DEPLOYMENT = "sync/sync-practice"


@task(name=step_title("continue_later"))
def continue_later(rest: Rest) -> Message:
    """Schedule one run for the rest, and return the message for Practice Activity.

    A retried run with the same rest finds it already scheduled. A new run is scheduled if that one was cancelled or is
    over, or is this very run, started before Xero allowed it. If the runbook is not deployed, the message says that
    nothing continues by itself.
    """
    with Integration.opened() as integration:
        zone = integration.practice(rest.practice).time_zone
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return rest.message(is_scheduled=False, zone=zone)
        key = rest.key
        while _is_over(run := _scheduled(client, deployment.id, rest, key)):
            key = f"{rest.key}/in place of {run.id}"
    return rest.message(is_scheduled=True, zone=zone)


def _scheduled(client: SyncPrefectClient, deployment_id: UUID, rest: Rest, key: str) -> FlowRun:
    """Return the run with this key, whether made now or before."""
    return client.create_flow_run_from_deployment(
        deployment_id,
        parameters=rest.model_dump(mode="json", exclude={"resumes_at"}),
        state=Scheduled(scheduled_time=rest.resumes_at),
        idempotency_key=key,
    )


def _is_over(run: FlowRun) -> bool:
    is_this_one = str(run.id) == str(flow_run.id)
    return is_this_one or (run.state is not None and (run.state.is_final() or run.state.is_cancelling()))
