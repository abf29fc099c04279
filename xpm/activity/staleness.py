"""Finds entities that were not synchronised for longer than the nightly schedule allows."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from xpm.activity.log import record
from xpm.entities.gates import not_left_out
from xpm.entities.names import EVERYTHING, Entity
from xpm.integration import Integration
from xpm.store import activity
from xpm.store.consent import connections
from xpm.store.pull import runs
from xpm.store.tables import Connection, Practice
from xpm.store.vocabulary import ConnectionState, SyncTrigger, Topic
from xpm.words import Message, message

PATIENCE = timedelta(hours=26)  # a day between two nights, plus two hours for a long sync or a clock change


def watch_syncs(integration: Integration, slug: str) -> tuple[Message, ...]:
    """Find every entity that is overdue while the practice is connected, and log each once per overdue spell.

    Entities that the settings leave out of the overnight sync are not expected. The title holds the time of the last
    sync, which identifies the spell.

    Raises:
        Stopped: there is no such practice.
    """
    practice, now = integration.practice(slug), integration.clock()
    with integration.database.write() as session:
        connection = connections.locked(session, slug)
        if connection.state is not ConnectionState.CONNECTED:
            return ()
        overdue = [
            message(
                "watch.stale",
                entity=entity.label,
                since=f"{since.astimezone(ZoneInfo(practice.time_zone)):%d %B %Y %H:%M}",
                practice=practice.name,
                link=integration.apps_page(slug),
            )
            for entity, since in _overdue(integration, session, practice, connection).items()
        ]
        for said in overdue:
            if not activity.has(session, slug, Topic.STALE, said.title):
                record(session, slug, said, now=now, topic=Topic.STALE)
    return tuple(overdue)


def _overdue(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> dict[Entity, datetime]:
    """Return each overdue entity with its last sync, or with the connection's beginning if it has none.

    A new connection gets the full `PATIENCE`.
    """
    due, overdue = integration.clock() - PATIENCE, {}
    for entity in not_left_out(
        session, practice, EVERYTHING, SyncTrigger.OVERNIGHT, tax_source=integration.has_tax_source(practice.slug)
    ):
        done = runs.last_synced(session, practice.slug, connection.tenant_id or "", entity)
        since = done or connection.since
        if max(since, connection.since) <= due:
            overdue[entity] = since
    return overdue
