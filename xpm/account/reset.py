"""The reset: checks the new consent against the chosen account, then puts it in the place of the old one."""

from datetime import datetime

from sqlmodel import Session

from xpm.access import audit
from xpm.access.audit import Action
from xpm.account.choice import Offer, account_of, actor_of, chosen
from xpm.account.confirmation import require_confirmed
from xpm.activity.log import record
from xpm.consent.invitation import Invitation, require_granted, withdrawn
from xpm.consent.keeper import ConsentKeeper
from xpm.consent.preflight import check_access
from xpm.consent.states import move
from xpm.integration import Integration
from xpm.quota.budget import xpm_api
from xpm.store import people
from xpm.store.consent import connections, consents
from xpm.store.errors import TenantTaken
from xpm.store.push import edits
from xpm.store.tables import Connection
from xpm.store.vocabulary import ConnectionState
from xpm.words import Message, message, stop


def check_chosen(integration: Integration, invitation: Invitation) -> Message:
    """Check that the consent is enough for the chosen account; nothing is written.

    Raises:
        Stopped: an administrator has to change something first.
        XeroError: Xero did not answer as it should.
    """
    consent_id = require_granted(integration, invitation)
    offer = chosen(integration, invitation)
    with integration.database.read() as session:
        consent = consents.get(session, consent_id)
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        api = xpm_api(integration, http, offer.tenant_id)
        email = consent.email or invitation.person.email
        return check_access(
            api,
            invitation.person,
            frozenset(consent.scopes),
            tenant=offer.tenant_name,
            email=email,
            today=integration.clock().date(),
        )


def is_reset(integration: Integration, invitation: Invitation) -> bool:
    """Whether the new consent is already in use, so that a retried run has nothing left to ask.

    Raises:
        Stopped: access was not allowed.
    """
    consent_id = require_granted(integration, invitation)
    with integration.database.read() as session:
        return connections.get(session, invitation.practice).consent_id == consent_id


def reset(integration: Integration, invitation: Invitation) -> Message:
    """Replace the old consent with the new one, in one transaction; a second call changes nothing.

    Raises:
        Stopped: a newer reconnect took over, the account is new to this practice and was not confirmed, or another
            practice took it in the meantime.
    """
    consent_id = require_granted(integration, invitation)
    offer = chosen(integration, invitation)
    now, person = integration.clock(), invitation.person
    facts = {"practice": invitation.practice_name, "tenant": offer.tenant_name, "person": person.name}
    with integration.database.write() as session:
        before = connections.locked(session, invitation.practice)
        said = message(_key(before, offer), until_now=account_of(before), **facts)
        former = before.tenant_name
        if before.consent_id == consent_id:
            return said
        if consents.get(session, consent_id).status not in consents.USABLE:  # withdrawn since the check above
            raise withdrawn(session, invitation)
        require_confirmed(session, invitation, offer)
        consent = consents.activate(session, consent_id)
        people.update(session, person.id, xero_userid=consent.xero_userid)
        try:
            connections.attach(
                session,
                invitation.practice,
                tenant_id=offer.tenant_id,
                tenant_name=offer.tenant_name,
                xero_connection_id=offer.xero_connection_id,
                consent_id=consent_id,
                connected_by=person.id,
                now=now,
            )
        except TenantTaken:
            raise stop("choice.taken", owner="another practice", **facts) from None
        _leave_edits_behind(session, invitation, before_tenant=former, offer=offer, now=now)
        run = invitation.flow_run_id
        move(
            session, invitation.practice, ConnectionState.CONNECTED, said, now=now, person=person.email, flow_run_id=run
        )
        audit.record(
            session,
            integration,
            actor_of(invitation),
            Action.RESET_CONNECTION,
            now=now,
            practice=invitation.practice,
            resource=offer.tenant_name,
            before={"account": former},
            after={"account": offer.tenant_name},
        )
    return said


def _leave_edits_behind(
    session: Session, invitation: Invitation, *, before_tenant: str | None, offer: Offer, now: datetime
) -> None:
    """Withdraw the edits that were made for another account: they are never sent to this one."""
    person = invitation.person.email
    left = edits.withdraw_others(session, invitation.practice, offer.tenant_id, person=person, now=now)
    if left:
        said = message("push.left_behind", count=left, tenant=before_tenant or "", practice=invitation.practice)
        record(session, invitation.practice, said, now=now, person=person)


def _key(before: Connection, offer: Offer) -> str:
    """Return the catalogue key that describes this reset."""
    if before.tenant_id is None:
        return "connection.made"
    return "connection.reset" if before.tenant_id == offer.tenant_id else "choice.moved"
