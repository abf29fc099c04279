"""The Prefect automation that has news sent as soon as there is some.

It starts the runbook `notify` (https://docs.prefect.io/v3/concepts/automations, "Actions"). Prefect keeps no address
and no password: a run reads them from the database and from the worker's environment.
"""

from contextlib import suppress

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from cli.automations import apply

NAME = "Send the news of a practice"
RUNBOOK = "notify/notify"
OLD_NAME = "Notify about connections"
"""The automation of earlier versions, which knew of connections alone."""
OLD_BLOCK = "xpm-notify"
"""The block in which earlier versions let Prefect keep the address."""

WAITING = EventTrigger(
    posture=Posture.Reactive,
    match=ResourceSpecification({"prefect.resource.id": ["xpm.news.*"]}),
    for_each={"prefect.resource.id"},
    expect={"xpm.news.waiting"},
    threshold=1,
)
PARAMETERS = {"practice": "{{ event.payload.practice }}"}


def send_news_when_it_waits(client: SyncPrefectClient) -> None:
    """Create or update the automation. Delete the automation and the block of old versions.

    Raises:
        ObjectNotFound: the runbook is not deployed.
    """
    apply(client, _automation(client))
    _delete_old(client)


def _automation(client: SyncPrefectClient) -> AutomationCore:
    templates = {name: {"__prefect_kind": "jinja", "template": text} for name, text in PARAMETERS.items()}
    runbook = client.read_deployment_by_name(RUNBOOK)
    return AutomationCore(
        name=NAME,
        description="Has the news of a practice sent to its people and to webhooks.",
        trigger=WAITING,
        actions=[RunDeployment(deployment_id=runbook.id, parameters=templates)],
    )


def _delete_old(client: SyncPrefectClient) -> None:
    for one in client.read_automations_by_name(OLD_NAME):
        client.delete_automation(one.id)
    with suppress(ObjectNotFound):
        client.delete_block_document(client.read_block_document_by_name(OLD_BLOCK, "webhook").id)
