"""The Prefect automation that tells somebody when a connection breaks, recovers or has to be handed over.

It sends what the watch, the syncs and the reconnect announce to XPM_NOTIFY_URL, which Prefect keeps in a block of its
own (https://docs.prefect.io/v3/automate/events/automations-triggers, "CallWebhook").
"""

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import CallWebhook
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.types import SecretDict
from pydantic import SecretStr

from xpm.consent.watch import Notice

NAME = "Notify about connections"
BLOCK = "xpm-notify"
ANNOUNCED = EventTrigger(
    posture=Posture.Reactive,
    match=ResourceSpecification({"prefect.resource.id": ["xpm.connection.*"]}),
    for_each={"prefect.resource.id"},
    expect={f"xpm.connection.{notice}" for notice in Notice},
    threshold=1,
)
BODY = (
    '{"event": {{ event.event | tojson }}, "practice": {{ event.payload.practice | tojson }}, '
    '"text": {{ (event.payload.practice ~ ": " ~ event.payload.title ~ ". " ~ event.payload.next) | tojson }}}'
)
"""JSON whose `text` chat services show as the message; they ignore the rest."""


def notify_about_connections(client: SyncPrefectClient, url: SecretStr | None) -> bool:
    """Create or update the automation, or delete it when there is no address. Return whether there is one."""
    existing = client.read_automations_by_name(NAME)
    if url is None:
        for one in existing:
            client.delete_automation(one.id)
        return False
    wanted = _automation(url)
    if existing:
        client.update_automation(existing[0].id, wanted)
    else:
        client.create_automation(wanted)
    return True


def _automation(url: SecretStr) -> AutomationCore:
    webhook = Webhook(url=url, headers=SecretDict({"Content-Type": "application/json"}))
    return AutomationCore(
        name=NAME,
        description="Calls XPM_NOTIFY_URL when a connection breaks, recovers or has to be handed over.",
        trigger=ANNOUNCED,
        actions=[CallWebhook(block_document_id=webhook.save(BLOCK, overwrite=True), payload=BODY)],
    )
