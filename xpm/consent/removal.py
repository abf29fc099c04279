"""Removing connections at Xero that FYI does not use.

A connection at Xero is one person's, to one practice, for the app. It is removed by its id, and a consent is never
revoked: that would remove all of the person's connections, those of other practices too (Xero: revoking tokens).
"""

import logging

import httpx

from xpm.activity.log import record
from xpm.consent.keeper import ConsentKeeper
from xpm.integration import Integration
from xpm.store import people, practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.errors import VaultError
from xpm.store.tables import Consent
from xpm.store.vocabulary import ConnectionState
from xpm.words import Message, message
from xpm.xero.auth import JustGranted
from xpm.xero.connections import ConnectionsApi
from xpm.xero.errors import AccessLost, ConsentNeeded, XeroError
from xpm.xero.oauth import Grant

NO_WAY_IN = (ConsentNeeded, AccessLost, VaultError)
"""Nothing can be removed with this consent, now or later: its tokens are dead, or open with no key."""

log = logging.getLogger(__name__)


def remove_superseded(integration: Integration, practice: str, *, flow_run_id: str) -> list[Message]:
    """Remove what earlier consents of a practice connected and its connection does not use; forget their tokens.

    Only while the practice is connected. Says in Practice Activity what could not be removed because Xero did not
    answer, and returns it; the tokens are then kept, for the next time.
    """
    with integration.database.read() as session:
        over = consents.left_over(session, practice)
    said = [alert for consent in over if (alert := _retire(integration, consent))]
    with integration.database.write() as session:
        for alert in said:
            record(session, practice, alert, now=integration.clock(), flow_run_id=flow_run_id)
    return said


def remove_unused(integration: Integration, grant: Grant) -> None:
    """Remove what was connected in a consent that is refused, as far as no practice uses it; never raises XeroError.

    Nothing is removed while the same login answers for another practice: that one may be about to use it.
    """
    event, login = grant.authentication_event_id, grant.identity.xero_userid
    with integration.database.read() as session:
        if event is None or consents.is_answering(session, login):
            log.info("What a refused consent connected was left at Xero: another reconnect may use it.")
            return
        used = connections.in_use(session)
    try:
        with integration.signed_http(JustGranted(grant.tokens)) as http:
            api = _connections(integration, http)
            for tenant in api.all():
                if tenant.auth_event_id == event and tenant.id not in used:
                    api.remove(tenant.id)
                    log.info("Removed connection %s, made in a consent that was refused.", tenant.id)
    except XeroError as error:
        log.warning("What a refused consent connected could not be removed: %r", error)


def remove(integration: Integration, consent_id: str, xero_connection_id: str) -> bool:
    """Remove one connection with the tokens of a consent; False when it was gone already.

    Raises:
        XeroError: it was not removed.
        VaultError: the tokens open with no key.
    """
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        return _connections(integration, http).remove(xero_connection_id)


def _retire(integration: Integration, consent: Consent) -> Message | None:
    """Remove what one earlier consent connected and forget its tokens; the message tells why that did not work."""
    with integration.database.read() as session:
        connection = connections.get(session, consent.practice)
        if connection.state is not ConnectionState.CONNECTED or connection.consent_id == consent.id:
            return None
        if consent.xero_userid and consents.is_answering(session, consent.xero_userid):
            return None  # a person has one connection to an XPM practice: a reconnect may be about to use this very one
        attempt = attempts.of_consent(session, consent.id)
        old = attempt.xero_connection_id if attempt else None
        facts = {
            "practice": practices.get(session, consent.practice).name,
            "person": people.get(session, consent.user_id).name,
        }
        used = connections.in_use(session)
    if old and old not in used:
        try:
            remove(integration, consent.id, old)
        except NO_WAY_IN as error:
            log.info("Connection %s cannot be removed at Xero any more: %s", old, error)
        except XeroError as error:
            return message("disconnect.former_not_removed", reason=error.message, **facts)
    with integration.database.write() as session:
        consents.end(session, consent.id, consent.status, forget_tokens=True)
    return None


def _connections(integration: Integration, http: httpx.Client) -> ConnectionsApi:
    return ConnectionsApi(http, integration.app, integration.clock)
