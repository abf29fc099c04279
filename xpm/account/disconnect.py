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


class DisconnectPlan(BaseModel):
    """A practice that is about to be disconnected, with the names people know."""

    model_config = ConfigDict(frozen=True)

    practice: str
    practice_name: str
    tenant_name: str
    xero_connection_id: str
    consent_id: str


def plan_disconnect(integration: Integration, slug: str) -> DisconnectPlan:
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
    return DisconnectPlan(
        practice=slug,
        practice_name=practice.name,
        tenant_name=connection.tenant_name or practice.name,
        xero_connection_id=connection.xero_connection_id or "",
        consent_id=connection.consent_id,
    )


def disconnect(integration: Integration, plan: DisconnectPlan, person: str | None = None) -> Message:
    """Remove the connection at Xero, forget every token of the practice, and log it to Practice Activity.

    Args:
        integration: The installation.
        plan: What `plan_disconnect` returned.
        person: FYI email address of the person who asked.

    Raises:
        Stopped: Xero did not answer, or the practice was reconnected meanwhile; nothing was changed here.
    """
    if person is not None:
        integration.require_known(integration.practice(plan.practice), person)
    key = "disconnect.done" if _removed(integration, plan) else "disconnect.gone"
    said = message(key, practice=plan.practice_name, tenant=plan.tenant_name)
    now = integration.clock()
    with integration.database.write() as session:
        _require_unchanged(connections.locked(session, plan.practice), plan)
        move(session, plan.practice, ConnectionState.DISCONNECTED, said, now=now, person=person)
        connections.let_go(session, plan.practice)
        consents.end(session, plan.consent_id, ConsentStatus.REFUSED, forget_tokens=True)
        for consent in consents.left_over(session, plan.practice):
            consents.end(session, consent.id, consent.status, forget_tokens=True)
    return said


def _removed(integration: Integration, plan: DisconnectPlan) -> bool:
    """Whether Xero removed the connection now; False if FYI no longer had access to it."""
    if not plan.xero_connection_id:
        return False
    try:
        return remove(integration, plan.consent_id, plan.xero_connection_id)
    except REFUSED:
        return False
    except MisconfiguredApp as error:
        raise stop("consent.app_misconfigured", reason=error.message) from error
    except XeroError as error:
        raise stop("disconnect.failed", practice=plan.practice_name, reason=error.message) from error


def _require_unchanged(connection: Connection, plan: DisconnectPlan) -> None:
    if connection.state in UNDER_WAY or connection.consent_id != plan.consent_id:
        raise stop("disconnect.under_way", practice=plan.practice_name)
