"""Access to a practice's XPM account through its connection, and detection of a broken connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx
from sqlmodel import Session

from xpm.activity.overview import state_name
from xpm.consent.keeper import ConnectionKeeper
from xpm.consent.states import move
from xpm.entities.registry import proof
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
from xpm.xero.http.patience import Tries

MAY_ANSWER = frozenset({ConnectionState.CONNECTED, ConnectionState.PRIVILEGE_LOST})
"""States in which Xero may answer. A lost privilege counts: an administrator can give it back at any time."""

BROKEN = frozenset({ConnectionState.NEEDS_RECONNECT, ConnectionState.DISCONNECTED, ConnectionState.PRIVILEGE_LOST})


class ConnectionBroke(Stopped):
    """Raised only for the first caller that finds the connection broken; `news` is the new Practice Activity entry."""

    def __init__(self, shown: Message, recorded: bool, news: Message) -> None:
        super().__init__(shown, recorded)
        self.args = (shown, recorded, news)  # unpickling calls the class with these
        self.news = news


@dataclass(frozen=True)
class PracticeAccess:
    """A practice with open access to its XPM account. `http` sends its tokens; calls are made with `priority`.

    `scopes` are those of its consent. `tries` counts the failed calls of a run that may be retried.
    """

    practice: Practice
    tenant_id: str
    tenant_name: str
    scopes: frozenset[str]
    api: XpmApi
    http: httpx.Client
    priority: CallPriority
    tries: Tries | None = None


@contextmanager
def practice_access(
    integration: Integration,
    slug: str,
    priority: CallPriority = CallPriority.PEOPLE,
    tries: Tries | None = None,
) -> Iterator[PracticeAccess]:
    """Open a practice's connection. An error in the block that proves it broken changes its state and is logged once.

    Raises:
        Stopped: there is no such practice, it is not connected, or its connection turned out to be broken.
        XeroError: any other failure at Xero; the connection's state is unchanged.
    """
    practice = integration.practice(slug)
    with access_through(integration, practice, require_connected(integration, practice), priority, tries) as access:
        yield access


@contextmanager
def access_through(
    integration: Integration,
    practice: Practice,
    connection: Connection,
    priority: CallPriority = CallPriority.PEOPLE,
    tries: Tries | None = None,
) -> Iterator[PracticeAccess]:
    """Open this connection whatever its state, and follow a reconnect to its consent. Raises as `practice_access`."""
    keeper = ConnectionKeeper(integration, connection)
    tenant_id = connection.tenant_id or ""
    with integration.database.read() as session:
        scopes = consents.granted_to(session, practice.slug) or frozenset()
    with integration.signed_http(keeper) as http:
        api = xpm_api(integration, http, tenant_id, priority, tries)
        tenant_name = connection.tenant_name or practice.name
        access = PracticeAccess(practice, tenant_id, tenant_name, scopes, api, http, priority, tries)
        try:
            yield access
        except XeroError as error:
            if stopped := _stop_for(integration, connection, access, error):
                raise stopped from error
            raise


def require_connected(integration: Integration, practice: Practice) -> Connection:
    """Return the practice's connection if it can be used. The old one stays usable while a reconnect is under way.

    Raises:
        Stopped: it cannot be used; the message says why.
    """
    with integration.database.read() as session:
        connection = connections.get(session, practice.slug)
        state = connections.state_before(session, practice.slug)
        if state is ConnectionState.CONNECTED:
            return connection
        recorded_when_it_broke = state is not ConnectionState.NOT_CONNECTED
        raise Stopped(why_unusable(session, connection, state), recorded=recorded_when_it_broke)


def is_broken(integration: Integration, slug: str) -> bool:
    """Whether the connection is broken, or was when the current reconnect began. Raises UnknownPractice."""
    with integration.database.read() as session:
        return connections.state_before(session, slug) in BROKEN


def _stop_for(
    integration: Integration, connection: Connection, access: PracticeAccess, error: XeroError
) -> Stopped | None:
    """Return why the run must stop, after recording a broken connection; None if the error says nothing about it."""
    if isinstance(error, MisconfiguredApp):
        return stop("consent.app_misconfigured", reason=error.message)
    if isinstance(error, ConsentNeeded):
        _require_ended(integration, access.http, error)
        return _record_broken(integration, connection, ConnectionState.NEEDS_RECONNECT)
    if isinstance(error, AccessLost):
        state = _state_after_refusal(integration, connection, access.http)
        if state is ConnectionState.PRIVILEGE_LOST and not _is_replaced(integration, connection):
            _require_refused(integration, access, error)
        return _record_broken(integration, connection, state)
    return None


def _require_ended(integration: Integration, http: httpx.Client, error: ConsentNeeded) -> None:
    """Make sure that the consent ended when one endpoint refuses a fresh token: every endpoint must refuse it.

    Raises:
        XeroUnavailable: Xero's list of connections still accepts the token, so the refusal is temporary.
        XeroError: the list cannot be read.
    """
    if error.status != HTTPStatus.UNAUTHORIZED:  # not a 401: the token endpoint itself ended the consent
        return
    try:
        ConnectionsApi(http, integration.app, integration.clock).all()
    except ConsentNeeded:
        return
    reason = f"Xero refuses the access at {error.endpoint} but accepts it elsewhere."
    facts = {"endpoint": error.endpoint, "correlation_id": error.correlation_id}
    raise XeroUnavailable(reason, status=error.status, **facts) from error


def _require_refused(integration: Integration, access: PracticeAccess, error: AccessLost) -> None:
    """Make sure that the person lost the privilege when one endpoint refuses to answer: every endpoint must refuse.

    Only a call that the scopes cover shows that: without its scope, an endpoint refuses whoever asks.

    Raises:
        XeroUnavailable: Xero answers elsewhere, so the refusal is about this part alone.
        XeroError: Xero does not answer elsewhere, for another reason.
    """
    probe = proof(access.scopes)
    if probe is None or error.endpoint == probe.endpoint.label:
        return
    elsewhere = access.api.trouble_with(probe.endpoint, probe.params(integration.today(access.practice)))
    if isinstance(elsewhere, AccessLost):
        return
    if elsewhere:
        raise elsewhere from error
    reason = f"Xero refuses to answer {error.endpoint} but answers elsewhere."
    raise XeroUnavailable(
        reason, endpoint=error.endpoint, status=error.status, correlation_id=error.correlation_id
    ) from error


def _state_after_refusal(integration: Integration, connection: Connection, http: httpx.Client) -> ConnectionState:
    """Find out why Xero refuses to answer for the tenant: only its list of connections tells."""
    try:
        listed = ConnectionsApi(http, integration.app, integration.clock).all()
    except ConsentNeeded:
        return ConnectionState.NEEDS_RECONNECT
    if connection.tenant_id in {tenant.tenant_id for tenant in listed}:
        return ConnectionState.PRIVILEGE_LOST
    return ConnectionState.DISCONNECTED


def _record_broken(integration: Integration, connection: Connection, state: ConnectionState) -> Stopped:
    """Record a broken connection once; nothing is recorded if it was already broken or has been replaced."""
    now = integration.clock()
    with integration.database.write() as session:
        current = connections.locked(session, connection.practice)
        if current.consent_id != connection.consent_id:
            return _replaced(session, current)
        news = why_unusable(session, connection, state)
        first = current.state in MAY_ANSWER - {state}
        if first:
            move(session, connection.practice, state, news, now=now)
            if state is ConnectionState.NEEDS_RECONNECT and connection.consent_id:
                consents.end(session, connection.consent_id, ConsentStatus.LOST)
        recorded = current.state is state
    if state is ConnectionState.NEEDS_RECONNECT:
        shown, recorded = message("connection.authentication_failed"), False
    else:
        shown = news
    return ConnectionBroke(shown, recorded, news) if first else Stopped(shown, recorded)


def _is_replaced(integration: Integration, connection: Connection) -> bool:
    with integration.database.read() as session:
        return connections.get(session, connection.practice).consent_id != connection.consent_id


def _replaced(session: Session, connection: Connection) -> Stopped:
    """Stop a run whose connection was replaced under it; the error says nothing about the new connection."""
    state = connections.state_before(session, connection.practice)
    if state is not ConnectionState.CONNECTED:
        return Stopped(why_unusable(session, connection, state), recorded=True)
    return stop("connection.replaced", practice=practices.get(session, connection.practice).name)


def why_unusable(session: Session, connection: Connection, state: ConnectionState) -> Message:
    """Say why a connection in this state cannot be used."""
    person = people.get(session, connection.connected_by).name if connection.connected_by else "the administrator"
    practice = practices.get(session, connection.practice).name
    return message(
        f"connection.{state_name(connection, state)}",
        practice=practice,
        person=person,
        tenant=connection.tenant_name or practice,
    )
