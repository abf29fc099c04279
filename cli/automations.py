"""Applies an automation to Prefect, however often `fyi-xpm deploy` runs."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore


def apply(client: SyncPrefectClient, wanted: AutomationCore) -> None:
    """Create the automation, or update the one with its name."""
    existing = client.read_automations_by_name(wanted.name)
    if existing:
        client.update_automation(existing[0].id, wanted)
    else:
        client.create_automation(wanted)
