"""Going on by itself with what a run left when the day's calls were used up."""

from prefect import task
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from xpm.sync.parking import Rest
from xpm.words import Message

DEPLOYMENT = "sync/sync-practice"


@task(name="Continue when Xero allows it")
def continue_later(rest: Rest) -> Message:
    """Schedule a run for the rest, once: a retried run with the same rest finds it scheduled already.

    Returns what Practice Activity is to say of it, also where the runbook is not deployed and nothing can be scheduled.
    """
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return rest.said(goes_on=False)
        client.create_flow_run_from_deployment(
            deployment.id,
            parameters=rest.model_dump(mode="json", exclude={"resumes_at"}),
            state=Scheduled(scheduled_time=rest.resumes_at),
            idempotency_key=rest.key,
        )
    return rest.said(goes_on=True)
