"""Shows a practice's status in the Prefect UI: its connection, and the last sync of each entity."""

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from xpm.activity.overview import Overview, overview
from xpm.entities.names import Entity
from xpm.integration import Integration


def publish_status(practice: str) -> Overview:
    """Show the connection as `xpm-connection-<practice>`, and the last syncs as `xpm-sync-<practice>`."""
    with Integration.opened() as integration:
        seen = overview(integration, practice)
    create_markdown_artifact(
        key=f"xpm-connection-{practice}",
        description=f"**{seen.message.title}** {seen.message.cause}",
        markdown=f"# {seen.practice}\n\n{seen.message.text}\n{_edits(seen)}",
    )
    if seen.syncs:
        create_table_artifact(
            key=f"xpm-sync-{practice}", description=f"Last syncs of {seen.practice}", table=_table(seen)
        )
    return seen


def _edits(seen: Overview) -> str:
    return f"\n{seen.edits.message(seen.time_zone).text}\n" if seen.edits else ""


def _table(seen: Overview) -> list[dict[str, object]]:
    by_entity = {sync.entity: sync for sync in seen.syncs}
    return [
        {
            "What": entity.label,
            "Result": by_entity[entity].result.replace("_", " "),
            "In XPM": _shown(by_entity[entity].source),
            "In FYI": _shown(by_entity[entity].stored),
            "Added": by_entity[entity].added,
            "Changed": by_entity[entity].changed,
            "Archived": by_entity[entity].archived,
            "Unchanged": by_entity[entity].unchanged,
            "Not read": by_entity[entity].quarantined,
            "Requests to Xero": by_entity[entity].calls,
            "Predicted": _shown(by_entity[entity].predicted_calls, "unknown"),
        }
        for entity in Entity
        if entity in by_entity
    ]


def _shown(count: int | None, otherwise: str = "not counted") -> int | str:
    return otherwise if count is None else count
