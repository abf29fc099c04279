"""The choice of the account, and the guard against the wrong one."""

from pydantic import BaseModel, ConfigDict

from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action
from xpm.activity.log import record
from xpm.consent.invitation import Invitation, attempt_of, require_granted
from xpm.consent.keeper import ConsentKeeper
from xpm.integration import Integration
from xpm.store import practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.tables import Connection
from xpm.words import message, stop
from xpm.xero.connections import ConnectionsApi


class Offer(BaseModel):
    """An account that the consent gave access to."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str
    tenant_name: str
    xero_connection_id: str

    @property
    def label(self) -> str:
        """What a form shows. Two accounts may share a name, so the end of the id follows it."""
        return f"{self.tenant_name} · {self.tenant_id[-4:]}"


def chosen(integration: Integration, invitation: Invitation) -> Offer:
    """Return the chosen account.

    Raises:
        Stopped: no account was chosen.
    """
    attempt = attempt_of(integration, invitation)
    if attempt.tenant_id is None:
        raise stop("choice.not_answered", minutes=invitation.minutes, practice=invitation.practice_name)
    return Offer(
        tenant_id=attempt.tenant_id,
        tenant_name=attempt.tenant_name or "Unnamed",
        xero_connection_id=attempt.xero_connection_id or "",
    )


def offers(integration: Integration, invitation: Invitation) -> list[Offer]:
    """List the accounts of this consent, and of no earlier one.

    Raises:
        Stopped: there are none, or access was not allowed.
        XeroError: Xero did not answer as it should.
    """
    consent_id = require_granted(integration, invitation)
    with integration.database.read() as session:
        event = consents.get(session, consent_id).authentication_event_id
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        tenants = ConnectionsApi(http, integration.app, integration.clock).of_consent(event)
    if not tenants:
        raise stop("consent.no_practice", person=invitation.person.name)
    return [
        Offer(tenant_id=tenant.tenant_id, tenant_name=tenant.tenant_name or "Unnamed", xero_connection_id=tenant.id)
        for tenant in tenants
    ]


def account_of(connection: Connection) -> str:
    """Name the account that a practice is connected to, for a sentence."""
    if connection.tenant_id is None:
        return "none"
    return connection.tenant_name or "another account"


def choose(integration: Integration, invitation: Invitation, offer: Offer, *, another_account: bool = False) -> None:
    """Choose one of the offered accounts, unless FYI knows it to be the wrong one; no record is touched.

    Choosing the same account again, as a retried run does, adds nothing to Practice Activity.

    Args:
        integration: The installation.
        invitation: Whose consent offers the account.
        offer: One of `offers`.
        another_account: Allow an account other than the practice's own; its name must be confirmed afterwards.

    Raises:
        Stopped: the consent is no longer usable, another practice has this account, or this practice has another one.
    """
    require_granted(integration, invitation)
    now, actor = integration.clock(), actor_of(invitation)
    slug, account = invitation.practice, offer.tenant_name
    with (
        audit.recording_refusals(integration, actor, Action.CHOOSE_ACCOUNT, practice=slug, resource=account),
        integration.database.write() as session,
    ):
        practice = practices.get(session, invitation.practice)
        connection = connections.get(session, invitation.practice)
        owner = connections.tenant_owner(session, offer.tenant_id)
        if owner not in (None, invitation.practice):
            name = practices.get(session, owner).name
            raise stop("choice.taken", tenant=offer.tenant_name, owner=name, practice=practice.name)
        if connection.tenant_id not in (None, offer.tenant_id) and not another_account:
            stored = account_of(connection)
            raise stop("choice.different", practice=practice.name, stored=stored, tenant=offer.tenant_name)
        if attempts.get(session, invitation.attempt_id).tenant_id == offer.tenant_id:
            return
        attempts.choose(
            session,
            invitation.attempt_id,
            tenant_id=offer.tenant_id,
            tenant_name=offer.tenant_name,
            xero_connection_id=offer.xero_connection_id,
        )
        said = message("choice.made", practice=practice.name, tenant=offer.tenant_name)
        person, run = invitation.person.email, invitation.flow_run_id
        record(session, invitation.practice, said, now=now, person=person, flow_run_id=run)
        audit.record(session, integration, actor, Action.CHOOSE_ACCOUNT, now=now, practice=slug, resource=account)


def actor_of(invitation: Invitation) -> Actor:
    """The run that acts on an invitation. It names the invited person; who answered its form, Prefect does not say."""
    return Actor(ActorKind.RUN, flow_run_id=invitation.flow_run_id, named=invitation.person.email)
