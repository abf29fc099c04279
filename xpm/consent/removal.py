"""Removes connections at Xero that FYI does not use.

A connection at Xero links one person and one account to the app. It is removed by its id. A consent is never revoked:
that would remove all of the person's connections, including those of other practices (Xero: revoking tokens).
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
"""Nothing can be removed with this consent, now or later: its tokens are dead, or no key decrypts them."""

log = logging.getLogger(__name__)


def remove_superseded(integration: Integration, practice: str, *, flow_run_id: str) -> list[Message]:
    """Remove at Xero the unused connections of a practice's earlier consents, and forget their tokens.

    Does nothing unless the practice is connected. A connection that could not be removed because Xero did not answer is
    logged to Practice Activity and returned; its consent keeps its tokens for the next try.
    """
    with integration.database.read() as session:
        left_over = consents.left_over(session, practice)
    alerts = [alert for consent in left_over if (alert := _retire(integration, consent))]
    with integration.database.write() as session:
        for alert in alerts:
            record(session, practice, alert, now=integration.clock(), flow_run_id=flow_run_id)
    return alerts


def remove_unused(integration: Integration, grant: Grant) -> None:
    """Remove the connections made in a refused consent, unless a practice uses them; never raises XeroError.

    Nothing is removed while another practice's reconnect with the same login is under way: it may be about to use them.
    """
    event, login = grant.authentication_event_id, grant.identity.xero_userid
    with integration.database.read() as session:
        if event is None or consents.is_answering(session, login):
            log.info("The connections of a refused consent were left at Xero: another reconnect may use them.")
            return
        used = connections.in_use(session)
    try:
        with integration.signed_http(JustGranted(grant.tokens)) as http:
            api = _connections(integration, http)
            for tenant in api.all():
                if tenant.auth_event_id == event and tenant.id not in used:
                    api.remove(tenant.id)
                    log.info("Removed connection %s, made in a refused consent.", tenant.id)
    except XeroError as error:
        log.warning("The connections of a refused consent could not be removed: %r", error)


def remove(integration: Integration, consent_id: str, xero_connection_id: str) -> bool:
    """Remove one connection with the tokens of a consent; False if it was already gone.

    Raises:
        XeroError: it was not removed.
        VaultError: no key decrypts the tokens.
    """
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        return _connections(integration, http).remove(xero_connection_id)


def _retire(integration: Integration, consent: Consent) -> Message | None:
    """Remove an earlier consent's connection and forget its tokens; return why if that failed."""
    with integration.database.read() as session:
        connection = connections.get(session, consent.practice)
        if connection.state is not ConnectionState.CONNECTED or connection.consent_id == consent.id:
            return None
        if consent.xero_userid and consents.is_answering(session, consent.xero_userid):
            return None  # Xero has one connection per person and account: a reconnect may be about to use this one
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
            log.info("Connection %s can no longer be removed at Xero: %s", old, error)
        except XeroError as error:
            return message("disconnect.former_not_removed", reason=error.message, **facts)
    with integration.database.write() as session:
        consents.end(session, consent.id, consent.status, forget_tokens=True)
    return None


def _connections(integration: Integration, http: httpx.Client) -> ConnectionsApi:
    return ConnectionsApi(http, integration.app, integration.clock)
