"""Reaching a practice's XPM through its connection, and noticing when the connection is broken."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from xpm.connection.integration import Integration
from xpm.connection.keeper import ConsentKeeper
from xpm.connection.preflight import practice_named
from xpm.connection.states import move
from xpm.store import connections, consents, people
from xpm.store.tables import Connection, Practice
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import Message, Stopped, message, stop
from xpm.xero.api import XpmApi
from xpm.xero.connections import ConnectionsApi
from xpm.xero.errors import AccessLost, ConsentNeeded, MisconfiguredApp, XeroError


@dataclass(frozen=True)
class PracticeAccess:
    """A practice and the way to its XPM. `http` carries the practice's tokens."""

    practice: Practice
    tenant_id: str
    tenant_name: str
    api: XpmApi
    http: httpx.Client


@contextmanager
def practice_access(integration: Integration, slug: str) -> Iterator[PracticeAccess]:
    """Use a practice's connection; an error inside that means it is broken changes its state, and is said once.

    Raises:
        Stopped: there is no such practice, it is not connected, or its connection turned out to be broken.
        XeroError: any other trouble with Xero, which leaves the connection as it is.
    """
    practice = practice_named(integration, slug)
    connection = require_connected(integration, practice)
    keeper = ConsentKeeper(integration, connection.consent_id or "")
    tenant_id = connection.tenant_id or ""
    with integration.signed_http(keeper) as http:
        api = XpmApi(http, integration.app, tenant_id, integration.budget(tenant_id), clock=integration.clock)
        try:
            yield PracticeAccess(practice, tenant_id, connection.tenant_name or practice.name, api, http)
        except XeroError as error:
            if said := _notice(integration, connection, http, error):
                raise Stopped(said) from error
            raise


def require_connected(integration: Integration, practice: Practice) -> Connection:
    """The practice's connection, if it can be used. While a reconnect is under way the old one still can.

    Raises:
        Stopped: it cannot; the message names what happened to it.
    """
    with integration.database.read() as session:
        connection = connections.get(session, practice.slug)
        state = connections.state_before(session, practice.slug)
        if state is ConnectionState.CONNECTED and connection.consent_id and connection.tenant_id:
            return connection
        person = people.get(session, connection.connected_by).name if connection.connected_by else "the administrator"
    facts = {"practice": practice.name, "person": person, "tenant": connection.tenant_name or practice.name}
    raise stop(f"connection.{state}", **facts)


def _notice(integration: Integration, connection: Connection, http: httpx.Client, error: XeroError) -> Message | None:
    """What the error means for the connection: nothing, or a new state with its reason."""
    if isinstance(error, MisconfiguredApp):
        return message("consent.app_misconfigured", reason=error.message)
    if isinstance(error, ConsentNeeded):
        return _broken(integration, connection, ConnectionState.NEEDS_RECONNECT)
    if isinstance(error, AccessLost):
        listed = ConnectionsApi(http, integration.app, integration.clock).all()
        gone = connection.tenant_id not in {tenant.tenant_id for tenant in listed}
        return _broken(
            integration, connection, ConnectionState.DISCONNECTED if gone else ConnectionState.PRIVILEGE_LOST
        )
    return None


def _broken(integration: Integration, connection: Connection, state: ConnectionState) -> Message:
    """Record a broken connection, once: whoever finds it broken already adds nothing."""
    now = integration.clock()
    with integration.database.write() as session:
        person = people.get(session, connection.connected_by).name if connection.connected_by else "the administrator"
        said = message(f"connection.{state}", person=person, tenant=connection.tenant_name or connection.practice)
        current = connections.get(session, connection.practice)
        if current.consent_id == connection.consent_id and current.state is ConnectionState.CONNECTED:
            move(session, connection.practice, state, said, now=now)
            if state is ConnectionState.NEEDS_RECONNECT and connection.consent_id:
                consents.end(session, connection.consent_id, ConsentStatus.LOST)
    if state is ConnectionState.NEEDS_RECONNECT:
        return message("connection.authentication_failed")
    return said
