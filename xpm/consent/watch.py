"""Checks a practice's connection between syncs: does it work, and will it keep working?

Every check returns everything that is wrong. Practice Activity gets each finding once, and again only after it changed;
the last finding is read from Practice Activity itself.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from xpm.activity.log import record
from xpm.activity.troubles import settle
from xpm.consent.access import BROKEN, MAY_ANSWER, ConnectionBroke, PracticeAccess, access_through, why_unusable
from xpm.consent.eligibility import obstacles
from xpm.consent.explanation import explain
from xpm.consent.invitation import withdraw_abandoned
from xpm.consent.keeper import ConnectionKeeper
from xpm.consent.preflight import Person, is_record_of
from xpm.consent.states import move
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS, proof
from xpm.integration import Integration
from xpm.store import activity, people
from xpm.store.consent import connections, consents
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.pull import runs
from xpm.store.tables import Connection, FyiUser, Practice
from xpm.store.vocabulary import ConnectionState, SyncTrigger, Topic, Trouble
from xpm.words import Message, Stopped, message
from xpm.xero.connections import ConnectionsApi
from xpm.xero.errors import AccessLost, DayLimit, XeroError
from xpm.xero.scopes import Coverage, covers, missing_scopes, missing_to_write

RENEW_AFTER = timedelta(days=7)
"""Xero's refresh tokens expire after 60 days without use. Renewing weekly leaves a wide margin if the watch stops."""

NOTHING_TO_WATCH = UNDER_WAY | {ConnectionState.NOT_CONNECTED}


class Notice(StrEnum):
    """Events that are announced at once, as Prefect events."""

    BROKEN = "broken"
    RECOVERED = "recovered"
    HAND_OVER_NEEDED = "hand-over-needed"


class News(BaseModel):
    """An event that is new, with its entry in Practice Activity."""

    model_config = ConfigDict(frozen=True)

    notice: Notice
    message: Message


class Sighting(BaseModel):
    """The result of one check: `found` is everything that is wrong, `news` is what is new."""

    model_config = ConfigDict(frozen=True)

    connected: bool
    found: tuple[Message, ...] = ()
    news: tuple[News, ...] = ()

    def __add__(self, other: "Sighting") -> "Sighting":
        connected = self.connected and other.connected
        return Sighting(connected=connected, found=self.found + other.found, news=self.news + other.news)


def watch_connection(integration: Integration, slug: str) -> Sighting:
    """Test the connection, and check the person and permissions it depends on. A reconnect under way is left alone.

    A reconnect whose program died is withdrawn first.

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
            return Sighting(connected=False, found=(why_unusable(session, connection, connection.state),))
    seen = _check_connection(integration, practice, connection)
    return seen + _check_dependencies(integration, practice) if seen.connected else seen


def settle_connection(integration: Integration, slug: str) -> None:
    """Tell people once that the connection broke, and once that it works again or that somebody ended it.

    What people did here, such as a disconnect, is no news to them.
    """
    with integration.database.write() as session:
        connection = connections.locked(session, slug)
        state = connections.state_before(session, slug)
        is_trouble = state in BROKEN and connection.consent_id is not None
        found = {"": why_unusable(session, connection, state)} if is_trouble else {}
        settle(session, integration, slug, Trouble.CONNECTION, found)


def _check_connection(integration: Integration, practice: Practice, connection: Connection) -> Sighting:
    connected = connection.state is ConnectionState.CONNECTED
    try:
        with access_through(integration, practice, connection) as access:
            _call_xero(integration, connection, access)
    except ConnectionBroke as broke:
        news = News(notice=Notice.BROKEN, message=broke.news)
        return Sighting(connected=False, found=(broke.news,), news=(news,))
    except Stopped as stopped:
        return Sighting(connected=connected and not stopped.recorded, found=(stopped.message,))
    except DayLimit:  # nothing is wrong; a later check finds out whether the privilege is still there
        return Sighting(connected=connected)
    except XeroError as error:  # says nothing about the connection
        return Sighting(connected=connected, found=(explain(error, "The connection", practice.time_zone),))
    return Sighting(connected=True) if connected else _recovered(integration, practice, connection)


def _call_xero(integration: Integration, connection: Connection, access: PracticeAccess) -> None:
    """Read Xero's list of connections, which uses none of the practice's calls, then a short XPM list in its scopes.

    The list of connections shows whether the consent is alive and the account still connected. Only XPM itself shows
    whether the person may still use it.
    """
    with integration.database.read() as session:
        renewed_at = consents.get(session, connection.consent_id or "").refreshed_at
    if renewed_at is None or renewed_at <= integration.clock() - RENEW_AFTER:
        keeper = ConnectionKeeper(integration, connection)
        keeper.renew(keeper.current())
    listed = ConnectionsApi(access.http, integration.app, integration.clock).all()
    if access.tenant_id not in {tenant.tenant_id for tenant in listed}:
        raise AccessLost("Xero no longer lists the connection.")
    if probe := proof(access.scopes):
        for _ in access.api.list(probe.endpoint, probe.params(integration.today(access.practice))):
            pass


def _recovered(integration: Integration, practice: Practice, connection: Connection) -> Sighting:
    """Record that Xero answers again after the privilege was given back."""
    with integration.database.write() as session:
        current = connections.locked(session, practice.slug)
        if (current.state, current.consent_id) != (connection.state, connection.consent_id):
            return Sighting(connected=current.state is ConnectionState.CONNECTED)
        person = people.get(session, connection.connected_by or "").name
        tenant = connection.tenant_name or practice.name
        said = message("watch.recovered", practice=practice.name, person=person, tenant=tenant)
        move(session, practice.slug, ConnectionState.CONNECTED, said, now=integration.clock())
    return Sighting(connected=True, news=(News(notice=Notice.RECOVERED, message=said),))


def _check_dependencies(integration: Integration, practice: Practice) -> Sighting:
    """Check that the permissions are enough, and that the person who gave them can keep the connection."""
    with integration.database.write() as session:
        connection = connections.locked(session, practice.slug)
        if connection.state is not ConnectionState.CONNECTED:
            return Sighting(connected=False)
        return _check_permissions(integration, session, practice, connection) + _check_holder(
            integration, session, practice, connection
        )


def _check_permissions(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> Sighting:
    said = _lacking_permissions(integration, session, practice, connection)
    settle(session, integration, practice.slug, Trouble.PERMISSIONS, {"": said} if said else {})
    if said is None:
        return Sighting(connected=True)
    _record_once(integration, session, connection, said, Topic.PERMISSIONS)
    return Sighting(connected=True, found=(said,))


def _lacking_permissions(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> Message | None:
    """What the app was not permitted, and so syncs leave out or edits wait for. It is never the person's fault."""
    granted = consents.get(session, connection.consent_id or "").scopes
    unread = missing_scopes(granted)
    unwritten = missing_to_write(granted) if integration.settings.xpm_push else frozenset()
    if not unread | unwritten:
        return None
    return message(
        "watch.permissions_missing" if unread else "watch.edits_wait",
        practice=practice.name,
        missing=", ".join(sorted(unread | unwritten)),
        link=integration.apps_page(practice.slug),
    )


def _check_holder(integration: Integration, session: Session, practice: Practice, connection: Connection) -> Sighting:
    said = why_hand_over(integration, session, practice, connection)
    settle(session, integration, practice.slug, Trouble.HAND_OVER, {"": said} if said else {})
    if said is None:
        if _last_recorded(session, connection, Topic.HOLDER):
            person = people.get(session, connection.connected_by or "").name
            well = message("watch.holder_well", practice=practice.name, person=person)
            _record_once(integration, session, connection, well, Topic.HOLDER)
        return Sighting(connected=True)
    first = _record_once(integration, session, connection, said, Topic.HOLDER)
    news = (News(notice=Notice.HAND_OVER_NEEDED, message=said),) if first else ()
    return Sighting(connected=True, found=(said,), news=news)


def why_hand_over(
    integration: Integration, session: Session, practice: Practice, connection: Connection
) -> Message | None:
    """Return the most urgent reason why the person who made the connection cannot keep it, or None."""
    person = people.get(session, connection.connected_by or "")
    found = obstacles(person, integration.today(practice))
    if not found and not _missing_in_xpm(session, connection, person):
        return None
    reason = found[0] if found else "not_in_xpm"
    return message(
        f"watch.holder_{reason}",
        practice=practice.name,
        person=person.name,
        tenant=connection.tenant_name or practice.name,
        leaving_on=f"{person.leaving_on:%d %B %Y}" if person.leaving_on else None,
        link=integration.apps_page(practice.slug),
    )


def _missing_in_xpm(session: Session, connection: Connection, person: FyiUser) -> bool:
    """Whether XPM's staff list lacks the person.

    False if staff were never synced, can no longer be, or their last sync was reverted.
    """
    slug, tenant_id = connection.practice, connection.tenant_id or ""
    consent = consents.get(session, connection.consent_id or "")
    last = runs.last_successful(session, slug, tenant_id, Entity.STAFF)
    is_old = covers(consent.scopes, DEFINITIONS[Entity.STAFF].scope) is not Coverage.YES
    if last is None or last.trigger is SyncTrigger.REVERT or is_old:
        return False
    email = consent.email or person.email
    who = Person(id=person.id, name=person.name, email=person.email)
    return not any(
        is_record_of(who, email, staff.email, staff.name) for staff in people.in_xpm(session, slug, tenant_id)
    )


def _last_recorded(session: Session, connection: Connection, topic: Topic) -> str | None:
    """Return the title of the latest entry on a topic since the connection was made."""
    entry = activity.latest(session, connection.practice, topic)
    if entry is None or (connection.connected_at is not None and entry.at < connection.connected_at):
        return None
    return entry.title


def _record_once(
    integration: Integration, session: Session, connection: Connection, said: Message, topic: Topic
) -> bool:
    """Log the message unless the latest entry on its topic says the same; return whether it is new."""
    if _last_recorded(session, connection, topic) == said.title:
        return False
    record(session, connection.practice, said, now=integration.clock(), topic=topic)
    return True
