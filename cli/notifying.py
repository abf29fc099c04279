"""The Prefect automation that tells somebody when a connection breaks, recovers or has to be handed over.

It starts the runbook `notify` with what the watch, the syncs and the reconnect announce
(https://docs.prefect.io/v3/concepts/automations, "Actions"). Prefect keeps no address: a run reads XPM_NOTIFY_URL from
the worker's environment.
"""

from contextlib import suppress

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from xpm.consent.watch import Notice

NAME = "Notify about connections"
RUNBOOK = "notify/notify"
OLD_BLOCK = "xpm-notify"
"""The block in which earlier versions let Prefect keep the address."""

ANNOUNCED = EventTrigger(
    posture=Posture.Reactive,
    match=ResourceSpecification({"prefect.resource.id": ["xpm.connection.*"]}),
    for_each={"prefect.resource.id"},
    expect={f"xpm.connection.{notice}" for notice in Notice},
    threshold=1,
)
PARAMETERS = {
    "event": "{{ event.event }}",
    "practice": "{{ event.payload.practice }}",
    "text": '{{ event.payload.practice ~ ": " ~ event.payload.title ~ ". " ~ event.payload.next }}',
}


def notify_about_connections(client: SyncPrefectClient, *, wanted: bool) -> None:
    """Create or update the automation, or delete it if nobody wants to be notified. Delete the block of old versions.

    Raises:
        ObjectNotFound: the runbook is not deployed.
    """
    existing = client.read_automations_by_name(NAME)
    if not wanted:
        for one in existing:
            client.delete_automation(one.id)
    elif existing:
        client.update_automation(existing[0].id, _automation(client))
    else:
        client.create_automation(_automation(client))
    _delete_old_block(client)


def _automation(client: SyncPrefectClient) -> AutomationCore:
    templates = {name: {"__prefect_kind": "jinja", "template": text} for name, text in PARAMETERS.items()}
    runbook = client.read_deployment_by_name(RUNBOOK)
    return AutomationCore(
        name=NAME,
        description="Notifies XPM_NOTIFY_URL when a connection breaks, recovers or has to be handed over.",
        trigger=ANNOUNCED,
        actions=[RunDeployment(deployment_id=runbook.id, parameters=templates)],
    )


def _delete_old_block(client: SyncPrefectClient) -> None:
    with suppress(ObjectNotFound):
        client.delete_block_document(client.read_block_document_by_name(OLD_BLOCK, "webhook").id)
