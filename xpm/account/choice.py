"""The choice of the account, and the guard against the wrong one."""

from collections.abc import Sequence

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
from xpm.xero.connections import ConnectionsApi, Tenant, newly_named

UNNAMED = "Unnamed"


class Offer(BaseModel):
    """An account that the practice may be connected to."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str
    tenant_name: str
    xero_connection_id: str
    label: str = ""  # what a form shows, if there is something to choose


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
        tenant_name=attempt.tenant_name or UNNAMED,
        xero_connection_id=attempt.xero_connection_id or "",
    )


def offers(integration: Integration, invitation: Invitation, *, another_account: bool = False) -> list[Offer]:
    """List the accounts that the practice may be connected to, those that Xero marks as newly allowed first.

    Xero's mark is a hint and no filter: a connection that is renewed may keep its first mark, and some have none. So
    the account that the practice had follows, unless it moves to `another_account`. A practice that moves, or has no
    account yet, may also have any other that the person ever allowed and no other practice has. Where that leaves
    nothing, all accounts of the person are offered.

    Raises:
        Stopped: there are none, or access was not allowed.
        XeroError: Xero did not answer as it should.
    """
    consent_id = require_granted(integration, invitation)
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        accounts = ConnectionsApi(http, integration.app, integration.clock).accounts()
    if not accounts:
        raise stop("consent.no_practice", person=invitation.person.name)
    with integration.database.read() as session:
        new = newly_named(accounts, consents.get(session, consent_id).authentication_event_id)
        until_now = connections.get(session, invitation.practice).tenant_id
        free = [account for account in accounts if connections.tenant_owner(session, account.tenant_id) is None]
    kept = [account for account in accounts if account.tenant_id == until_now and not another_account]
    earlier = free if another_account or until_now is None else []
    offered = list(dict.fromkeys([*new, *kept, *earlier])) or accounts
    return [
        Offer(
            tenant_id=account.tenant_id,
            tenant_name=account.tenant_name or UNNAMED,
            xero_connection_id=account.id,
            label=_label(account, offered, until_now=until_now, new=new),
        )
        for account in offered
    ]


def none_of_these() -> str:
    """Return the last line of the list, with which a person stops the reconnect."""
    return message("choice.none_of_these").title


def _label(account: Tenant, offered: Sequence[Tenant], *, until_now: str | None, new: Sequence[Tenant]) -> str:
    """Name an account in a form, and say what tells it from the others."""
    name = account.tenant_name or UNNAMED
    if [other.tenant_name for other in offered].count(account.tenant_name) > 1:
        name = message("choice.same_name", account=name, end=account.tenant_id[-4:]).title
    if account.tenant_id == until_now:
        return message("choice.until_now", account=name).title
    if not new:  # Xero marks none, so nothing tells earlier from now
        return name
    return message("choice.newly_allowed" if account in new else "choice.allowed_earlier", account=name).title


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
