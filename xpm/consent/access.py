"""Reaching a practice's XPM through its connection, and noticing when the connection is broken."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx
from sqlmodel import Session

from xpm.activity.overview import state_name
from xpm.consent.keeper import ConnectionKeeper
from xpm.consent.states import move
from xpm.integration import Integration
from xpm.quota.budget import xpm_api
from xpm.store import people, practices
from xpm.store.consent import connections, consents
from xpm.store.tables import Connection, Practice
from xpm.store.vocabulary import CallPriority, ConnectionState, ConsentStatus
from xpm.words import Message, Stopped, message, stop
from xpm.xero.api import XpmApi
from xpm.xero.connections import ConnectionsApi
from xpm.xero.errors import AccessLost, ConsentNeeded, MisconfiguredApp, XeroError, XeroUnavailable

MAY_ANSWER = frozenset({ConnectionState.CONNECTED, ConnectionState.PRIVILEGE_LOST})
"""States in which Xero may answer: a privilege that was taken away can be given back."""

BROKEN = frozenset({ConnectionState.NEEDS_RECONNECT, ConnectionState.DISCONNECTED, ConnectionState.PRIVILEGE_LOST})


class ConnectionBroke(Stopped):
    """A `Stopped` for whoever is the first to find the connection broken; `news` is what Practice Activity now has."""

    def __init__(self, said: Message, recorded: bool, news: Message) -> None:
        super().__init__(said, recorded)
        self.args = (said, recorded, news)  # what a pickle calls the class with
        self.news = news


@dataclass(frozen=True)
class PracticeAccess:
    """A practice and the way to its XPM. `http` carries the practice's tokens; `priority` is that of the calls."""

    practice: Practice
    tenant_id: str
    tenant_name: str
    api: XpmApi
    http: httpx.Client
    priority: CallPriority


@contextmanager
def practice_access(
    integration: Integration, slug: str, priority: CallPriority = CallPriority.PEOPLE
) -> Iterator[PracticeAccess]:
    """Use a practice's connection; an error inside that means it is broken changes its state, and is said once.

    Raises:
        Stopped: there is no such practice, it is not connected, or its connection turned out to be broken.
        XeroError: any other trouble with Xero, which leaves the connection as it is.
    """
    practice = integration.practice(slug)
    with reached(integration, practice, require_connected(integration, practice), priority) as access:
        yield access


@contextmanager
def reached(
    integration: Integration,
    practice: Practice,
    connection: Connection,
    priority: CallPriority = CallPriority.PEOPLE,
) -> Iterator[PracticeAccess]:
    """Use this connection, whatever its state, and what a reconnect makes of it; otherwise as `practice_access`."""
    keeper = ConnectionKeeper(integration, connection)
    tenant_id = connection.tenant_id or ""
    with integration.signed_http(keeper) as http:
        api = xpm_api(integration, http, tenant_id, priority)
        try:
            yield PracticeAccess(practice, tenant_id, connection.tenant_name or practice.name, api, http, priority)
        except XeroError as error:
            if stopped := _notice(integration, connection, http, error):
                raise stopped from error
            raise


def require_connected(integration: Integration, practice: Practice) -> Connection:
    """The practice's connection, if it can be used. While a reconnect is under way the old one still can.

    Raises:
        Stopped: it cannot; the message names what happened to it.
    """
    with integration.database.read() as session:
        connection = connections.get(session, practice.slug)
        state = connections.state_before(session, practice.slug)
        if state is ConnectionState.CONNECTED:
            return connection
        said_when_it_broke = state is not ConnectionState.NOT_CONNECTED
        raise Stopped(said_of(session, connection, state), recorded=said_when_it_broke)


def is_broken(integration: Integration, slug: str) -> bool:
    """Whether the connection was found broken, also while a reconnect is under way. Raises UnknownPractice."""
    with integration.database.read() as session:
        return connections.state_before(session, slug) in BROKEN


def _notice(integration: Integration, connection: Connection, http: httpx.Client, error: XeroError) -> Stopped | None:
    """What the error means for the connection: nothing, or the end of the run, mostly with a new state."""
    if isinstance(error, MisconfiguredApp):
        return stop("consent.app_misconfigured", reason=error.message)
    if isinstance(error, ConsentNeeded):
        _require_ended(integration, http, error)
        return _broken(integration, connection, ConnectionState.NEEDS_RECONNECT)
    if isinstance(error, AccessLost):
        return _broken(integration, connection, _after_refusal(integration, connection, http))
    return None


def _require_ended(integration: Integration, http: httpx.Client, error: ConsentNeeded) -> None:
    """That the consent ended, where a part of Xero refused a fresh token: others would refuse it as well.

    Raises:
        XeroUnavailable: Xero still takes it elsewhere; what that part has will pass.
        XeroError: Xero cannot be asked.
    """
    if error.status != HTTPStatus.UNAUTHORIZED:  # the token endpoint's own word
        return
    try:
        ConnectionsApi(http, integration.app, integration.clock).all()
    except ConsentNeeded:
        return
    said = f"It refuses at {error.endpoint} an access that it takes elsewhere."
    facts = {"endpoint": error.endpoint, "correlation_id": error.correlation_id}
    raise XeroUnavailable(said, status=error.status, **facts) from error


def _after_refusal(integration: Integration, connection: Connection, http: httpx.Client) -> ConnectionState:
    """Why Xero refuses to answer for the tenant: only its list of connections tells."""
    try:
        listed = ConnectionsApi(http, integration.app, integration.clock).all()
    except ConsentNeeded:
        return ConnectionState.NEEDS_RECONNECT
    if connection.tenant_id in {tenant.tenant_id for tenant in listed}:
        return ConnectionState.PRIVILEGE_LOST
    return ConnectionState.DISCONNECTED


def _broken(integration: Integration, connection: Connection, state: ConnectionState) -> Stopped:
    """Record a broken connection, once: whoever finds it broken already, or replaced, adds nothing."""
    now = integration.clock()
    with integration.database.write() as session:
        current = connections.locked(session, connection.practice)
        if current.consent_id != connection.consent_id:
            return _replaced(session, current)
        said = said_of(session, connection, state)
        first = current.state in MAY_ANSWER - {state}
        if first:
            move(session, connection.practice, state, said, now=now)
            if state is ConnectionState.NEEDS_RECONNECT and connection.consent_id:
                consents.end(session, connection.consent_id, ConsentStatus.LOST)
        recorded = current.state is state
    if state is ConnectionState.NEEDS_RECONNECT:
        shown, recorded = message("connection.authentication_failed"), False
    else:
        shown = said
    return ConnectionBroke(shown, recorded, said) if first else Stopped(shown, recorded)


def _replaced(session: Session, connection: Connection) -> Stopped:
    """What became of a connection while somebody used it: it says nothing about the one there is now."""
    state = connections.state_before(session, connection.practice)
    if state is not ConnectionState.CONNECTED:
        return Stopped(said_of(session, connection, state), recorded=True)
    return stop("connection.replaced", practice=practices.get(session, connection.practice).name)


def said_of(session: Session, connection: Connection, state: ConnectionState) -> Message:
    """Why a connection in this state cannot be used."""
    person = people.get(session, connection.connected_by).name if connection.connected_by else "the administrator"
    practice = practices.get(session, connection.practice).name
    return message(
        f"connection.{state_name(connection, state)}",
        practice=practice,
        person=person,
        tenant=connection.tenant_name or practice,
    )
