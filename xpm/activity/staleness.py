"""Finds out in time that syncs do not do what the nightly schedule promises.

An entity may be overdue, or wait for Xero's daily limit day after day; more and more records may be set aside; and
edits made in FYI may wait for a person's decision.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from xpm.activity.log import record
from xpm.activity.troubles import settle
from xpm.entities.gates import not_left_out
from xpm.entities.names import EVERYTHING, Entity
from xpm.integration import Integration
from xpm.store import activity
from xpm.store.consent import connections
from xpm.store.pull import quarantine, runs
from xpm.store.push import edits
from xpm.store.records.rows import Scope
from xpm.store.tables import Connection, Practice
from xpm.store.vocabulary import UNDECIDED, ConnectionState, SyncTrigger, Topic, Trouble
from xpm.words import Message, message

PATIENCE = timedelta(hours=26)  # a day between two nights, plus two hours for a long sync or a clock change


def watch_syncs(integration: Integration, slug: str) -> tuple[Message, ...]:
    """Find every entity that is overdue while the practice is connected, and log each once per overdue spell.

    Entities that the settings leave out of the overnight sync are not expected. The title holds the time of the last
    sync, which identifies the spell. People are told of everything found, also of what is no reason to act yet.

    Raises:
        Stopped: there is no such practice.
    """
    practice, now = integration.practice(slug), integration.clock()
    with integration.database.write() as session:
        connection = connections.locked(session, slug)
        if connection.state is not ConnectionState.CONNECTED:
            return ()
        overdue = {
            str(entity): message(
                "watch.stale",
                entity=entity.label,
                since=_local(since, practice),
                practice=practice.name,
                link=integration.apps_page(slug),
            )
            for entity, since in _overdue(integration, session, practice, connection).items()
        }
        for said in overdue.values():
            if not activity.has(session, slug, Topic.STALE, said.title):
                record(session, slug, said, now=now, topic=Topic.STALE)
        settle(session, integration, slug, Trouble.STALE, overdue)
        settle(session, integration, slug, Trouble.PARKED, _parked(integration, session, practice, connection))
        set_aside = _set_aside(integration, session, practice, connection)
        undecided = _undecided(integration, session, practice, connection)
        new = settle(session, integration, slug, Trouble.SET_ASIDE, set_aside)
        for said in new + settle(session, integration, slug, Trouble.UNDECIDED, undecided):
            record(session, slug, said, now=now)
    return tuple(overdue.values())


def _parked(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> dict[str, Message]:
    """Each entity whose runs have been parked, one after the other, for more than a day."""
    due, found = integration.clock() - PATIENCE, {}
    for entity in EVERYTHING:
        since = runs.parked_since(session, practice.slug, connection.tenant_id or "", entity)
        if since and since <= due:
            facts = {"entity": entity.label, "practice": practice.name, "since": _local(since, practice)}
            found[str(entity)] = message("watch.parked", **facts)
    return found


def _set_aside(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> dict[str, Message]:
    """Whether more records are set aside than a day ago."""
    scope = Scope(practice.slug, connection.tenant_id or "")
    count = quarantine.count(session, scope)
    new = count - quarantine.count(session, scope, at=integration.clock() - PATIENCE)
    if new <= 0:
        return {}
    facts = {"practice": practice.name, "count": count, "new": new, "link": integration.apps_page(practice.slug)}
    return {"": message("watch.more_set_aside", **facts)}


def _undecided(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> dict[str, Message]:
    """Whether edits wait for a person's decision, be it since a push or since a sync that found XPM changed as well."""
    counts = edits.counts(session, Scope(practice.slug, connection.tenant_id or ""))
    count = sum(counts.get(state, 0) for state in UNDECIDED)
    facts = {"practice": practice.name, "count": count, "link": integration.apps_page(practice.slug)}
    return {"": message("watch.undecided", **facts)} if count else {}


def _local(moment: datetime, practice: Practice) -> str:
    return f"{moment.astimezone(ZoneInfo(practice.time_zone)):%d %B %Y %H:%M}"


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
