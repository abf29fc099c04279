"""Looking after a practice's connection between its syncs: does it still work, and will it go on working?

Whoever runs this often hears everything that is not well each time; Practice Activity gets each finding once, and again
only after it changed. What was said last is read from Practice Activity itself.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from xpm.activity.log import record
from xpm.consent.access import MAY_ANSWER, ConnectionBroke, PracticeAccess, reached, said_of
from xpm.consent.eligibility import obstacles
from xpm.consent.explanation import explain
from xpm.consent.invitation import withdraw_abandoned
from xpm.consent.keeper import ConnectionKeeper
from xpm.consent.preflight import Person, is_record_of
from xpm.consent.states import move
from xpm.entities.names import Entity
from xpm.entities.registry import SHORTEST_LIST
from xpm.integration import Integration
from xpm.store import activity, people
from xpm.store.consent import connections, consents
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.pull import runs
from xpm.store.tables import Connection, FyiUser, Practice
from xpm.store.vocabulary import ConnectionState, SyncTrigger
from xpm.words import Message, Stopped, message
from xpm.xero.app import missing_scopes
from xpm.xero.connections import ConnectionsApi
from xpm.xero.errors import AccessLost, DayLimit, XeroError

RENEW_AFTER = timedelta(days=7)
"""Xero's refresh tokens die unused after 60 days; renewed this often they stay far from it, even if the watch rests."""

NOTHING_TO_WATCH = UNDER_WAY | {ConnectionState.NOT_CONNECTED}
HOLDER = (
    "watch.holder_inactive",
    "watch.holder_leaving",
    "watch.holder_not_admin",
    "watch.holder_not_in_xpm",
    "watch.holder_well",
)


class Notice(StrEnum):
    """What others are told of at the moment it happens."""

    BROKEN = "broken"
    RECOVERED = "recovered"
    HAND_OVER_NEEDED = "hand-over-needed"


class News(BaseModel):
    """Something that was not so before, with its entry in Practice Activity."""

    model_config = ConfigDict(frozen=True)

    notice: Notice
    said: Message


class Sighting(BaseModel):
    """How a connection was found: `found` is everything that is not well, `news` what was not known before."""

    model_config = ConfigDict(frozen=True)

    connected: bool
    found: tuple[Message, ...] = ()
    news: tuple[News, ...] = ()

    def __add__(self, other: "Sighting") -> "Sighting":
        connected = self.connected and other.connected
        return Sighting(connected=connected, found=self.found + other.found, news=self.news + other.news)


def watch_connection(integration: Integration, slug: str) -> Sighting:
    """Prove the connection, and check who and what it depends on. A reconnect under way is left alone.

    One that can no longer be under way is withdrawn first.

    Raises:
        Stopped: there is no such practice.
    """
    practice = integration.practice(slug)
    withdraw_abandoned(integration, slug)
    with integration.database.read() as session:
        connection = connections.get(session, slug)
        if connection.state in NOTHING_TO_WATCH:
            return Sighting(connected=False)
        if connection.state not in MAY_ANSWER:
            return Sighting(connected=False, found=(said_of(session, connection, connection.state),))
    seen = _proven(integration, practice, connection)
    return seen + _depends(integration, practice) if seen.connected else seen


def _proven(integration: Integration, practice: Practice, connection: Connection) -> Sighting:
    connected = connection.state is ConnectionState.CONNECTED
    try:
        with reached(integration, practice, connection) as access:
            _prove(integration, connection, access)
    except ConnectionBroke as broke:
        news = News(notice=Notice.BROKEN, said=broke.news)
        return Sighting(connected=False, found=(broke.news,), news=(news,))
    except Stopped as stopped:
        return Sighting(connected=connected and not stopped.recorded, found=(stopped.message,))
    except DayLimit:  # nothing is wrong; that the privilege is still there is proven another time
        return Sighting(connected=connected)
    except XeroError as error:  # says nothing about the connection
        return Sighting(connected=connected, found=(explain(error, "The connection"),))
    return Sighting(connected=True) if connected else _recovered(integration, practice, connection)


def _prove(integration: Integration, connection: Connection, access: PracticeAccess) -> None:
    """Ask Xero for its list of connections, which costs none of the practice's calls, then for one short XPM list.

    The first tells whether the consent lives and the practice is still connected; only XPM itself tells whether the
    person may still use it.
    """
    with integration.database.read() as session:
        renewed_at = consents.get(session, connection.consent_id or "").refreshed_at
    if renewed_at is None or renewed_at <= integration.clock() - RENEW_AFTER:
        keeper = ConnectionKeeper(integration, connection)
        keeper.renew(keeper.current())
    listed = ConnectionsApi(access.http, integration.app, integration.clock).all()
    if access.tenant_id not in {tenant.tenant_id for tenant in listed}:
        raise AccessLost("Xero no longer lists the connection.")
    for _ in access.api.list(SHORTEST_LIST.listed_at):
        pass


def _recovered(integration: Integration, practice: Practice, connection: Connection) -> Sighting:
    """Xero answers again: what took the privilege away was put right."""
    with integration.database.write() as session:
        current = connections.locked(session, practice.slug)
        if (current.state, current.consent_id) != (connection.state, connection.consent_id):
            return Sighting(connected=current.state is ConnectionState.CONNECTED)
        person = people.get(session, connection.connected_by or "").name
        tenant = connection.tenant_name or practice.name
        said = message("watch.recovered", practice=practice.name, person=person, tenant=tenant)
        move(session, practice.slug, ConnectionState.CONNECTED, said, now=integration.clock())
    return Sighting(connected=True, news=(News(notice=Notice.RECOVERED, said=said),))


def _depends(integration: Integration, practice: Practice) -> Sighting:
    """Whether the permissions given are enough, and whether the person who gave them can keep the connection."""
    with integration.database.write() as session:
        connection = connections.locked(session, practice.slug)
        if connection.state is not ConnectionState.CONNECTED:
            return Sighting(connected=False)
        return _permissions(integration, session, practice, connection) + _holder(
            integration, session, practice, connection
        )


def _permissions(integration: Integration, session: Session, practice: Practice, connection: Connection) -> Sighting:
    consent = consents.get(session, connection.consent_id or "")
    missing = missing_scopes(consent.scopes)
    if not missing:
        return Sighting(connected=True)
    said = message(
        "watch.permissions_missing",
        practice=practice.name,
        person=people.get(session, connection.connected_by or "").name,
        missing=", ".join(sorted(missing)),
        link=integration.apps_page(practice.slug),
    )
    _say_once(integration, session, connection, said, (said.key,))
    return Sighting(connected=True, found=(said,))


def _holder(integration: Integration, session: Session, practice: Practice, connection: Connection) -> Sighting:
    said = why_hand_over(integration, session, practice, connection)
    if said is None:
        if _last_said(session, connection, HOLDER):
            person = people.get(session, connection.connected_by or "").name
            well = message("watch.holder_well", practice=practice.name, person=person)
            _say_once(integration, session, connection, well, HOLDER)
        return Sighting(connected=True)
    first = _say_once(integration, session, connection, said, HOLDER)
    news = (News(notice=Notice.HAND_OVER_NEEDED, said=said),) if first else ()
    return Sighting(connected=True, found=(said,), news=news)


def why_hand_over(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> Message | None:
    """The most urgent reason why the person who made the connection cannot keep it; None when there is none."""
    person = people.get(session, connection.connected_by or "")
    if in_the_way := obstacles(person, integration.today(practice)):
        key = f"watch.holder_{in_the_way[0]}"
    elif _missing_in_xpm(session, connection, person):
        key = "watch.holder_not_in_xpm"
    else:
        return None
    return message(
        key,
        practice=practice.name,
        person=person.name,
        tenant=connection.tenant_name or practice.name,
        leaving_on=f"{person.leaving_on:%d %B %Y}" if person.leaving_on else None,
        link=integration.apps_page(practice.slug),
    )


def _missing_in_xpm(session: Session, connection: Connection, person: FyiUser) -> bool:
    """Whether XPM's staff are known, and not taken back since, and the person is not among them."""
    slug, tenant_id = connection.practice, connection.tenant_id or ""
    last = runs.last_successful(session, slug, tenant_id, Entity.STAFF)
    if last is None or last.trigger is SyncTrigger.REVERT:
        return False
    email = consents.get(session, connection.consent_id or "").email or person.email
    who = Person(id=person.id, name=person.name, email=person.email)
    return not any(
        is_record_of(who, email, staff.email, staff.name) for staff in people.in_xpm(session, slug, tenant_id)
    )


def _last_said(session: Session, connection: Connection, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    """What Practice Activity says last under these kinds of the connection as it was made."""
    entry = activity.latest(session, connection.practice, kinds)
    if entry is None or (connection.connected_at is not None and entry.at < connection.connected_at):
        return None
    return entry.kind, entry.title


def _say_once(
    integration: Integration, session: Session, connection: Connection, said: Message, kinds: tuple[str, ...]
) -> bool:
    """Write it down unless it was the last thing said of these kinds; tell whether it is new."""
    if _last_said(session, connection, kinds) == (said.key, said.title):
        return False
    record(session, connection.practice, said, now=integration.clock())
    return True
