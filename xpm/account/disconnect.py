"""Disconnects a practice on purpose: first at Xero, then here. Its records stay for a later reconnect."""

from pydantic import BaseModel, ConfigDict

from xpm.consent.removal import remove
from xpm.consent.states import move
from xpm.integration import Integration
from xpm.store.consent import connections, consents
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.tables import Connection
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import Message, message, stop
from xpm.xero.errors import AccessLost, ConsentNeeded, MisconfiguredApp, ScopeMissing, XeroError

REFUSED = (AccessLost, ConsentNeeded, ScopeMissing)
"""401 and 403: Xero has already ended the access, so nothing is left to remove from here."""


class Leaving(BaseModel):
    """A practice that is about to be disconnected, with the names people know."""

    model_config = ConfigDict(frozen=True)

    practice: str
    practice_name: str
    tenant_name: str
    xero_connection_id: str
    consent_id: str


def leaving(integration: Integration, slug: str) -> Leaving:
    """Describe what would be disconnected.

    Raises:
        Stopped: there is no such practice, nothing is connected, or a reconnect is under way.
    """
    practice = integration.practice(slug)
    with integration.database.read() as session:
        connection = connections.get(session, slug)
    if connection.state in UNDER_WAY:
        raise stop("disconnect.under_way", practice=practice.name)
    if connection.consent_id is None:
        raise stop("disconnect.nothing", practice=practice.name)
    return Leaving(
        practice=slug,
        practice_name=practice.name,
        tenant_name=connection.tenant_name or practice.name,
        xero_connection_id=connection.xero_connection_id or "",
        consent_id=connection.consent_id,
    )


def disconnect(integration: Integration, going: Leaving, person: str | None = None) -> Message:
    """Remove the connection at Xero, forget every token of the practice, and log it to Practice Activity.

    Args:
        integration: The installation.
        going: What `leaving` returned.
        person: FYI email address of the person who asked.

    Raises:
        Stopped: Xero did not answer, or the practice was reconnected meanwhile; nothing was changed here.
    """
    if person is not None:
        integration.require_known(integration.practice(going.practice), person)
    key = "disconnect.done" if _removed(integration, going) else "disconnect.gone"
    said = message(key, practice=going.practice_name, tenant=going.tenant_name)
    now = integration.clock()
    with integration.database.write() as session:
        _require_unchanged(connections.locked(session, going.practice), going)
        move(session, going.practice, ConnectionState.DISCONNECTED, said, now=now, person=person)
        connections.let_go(session, going.practice)
        consents.end(session, going.consent_id, ConsentStatus.REFUSED, forget_tokens=True)
        for consent in consents.left_over(session, going.practice):
            consents.end(session, consent.id, consent.status, forget_tokens=True)
    return said


def _removed(integration: Integration, going: Leaving) -> bool:
    """Whether Xero removed the connection now; False if FYI no longer had access to it."""
    if not going.xero_connection_id:
        return False
    try:
        return remove(integration, going.consent_id, going.xero_connection_id)
    except REFUSED:
        return False
    except MisconfiguredApp as error:
        raise stop("consent.app_misconfigured", reason=error.message) from error
    except XeroError as error:
        raise stop("disconnect.failed", practice=going.practice_name, reason=error.message) from error


def _require_unchanged(connection: Connection, going: Leaving) -> None:
    if connection.state in UNDER_WAY or connection.consent_id != going.consent_id:
        raise stop("disconnect.under_way", practice=going.practice_name)
