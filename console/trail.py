"""Writes what people do in the console to the audit trail, and what they tried."""

from collections.abc import Mapping

from sqlmodel import Session
from starlette.requests import Request

from console.desk import desk_of
from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action, AuditOutcome
from xpm.access.rights import Caller
from xpm.store.tables import SettingValue
from xpm.words import Message

Settings = Mapping[str, SettingValue]


def done(
    request: Request,
    session: Session,
    action: Action,
    *,
    practice: str | None = None,
    resource: str | None = None,
    before: Settings | None = None,
    after: Settings | None = None,
) -> None:
    """Note an act in the transaction that carries it out. Call it last in there."""
    installation = desk_of(request).integration
    audit.record(
        session,
        installation,
        actor_of(request),
        action,
        now=installation.clock(),
        practice=practice,
        resource=resource,
        before=before,
        after=after,
    )


def tried(
    request: Request,
    action: Action,
    why: Message,
    *,
    practice: str | None = None,
    resource: str | None = None,
    named: str | None = None,
) -> None:
    """Note an act that was refused. `named`: whom it claims to be, which nobody proved."""
    audit.record_alone(
        desk_of(request).integration,
        actor_of(request, named),
        action,
        practice=practice,
        resource=resource,
        detail=why.key,
    )


def noted(request: Request, action: Action, *, practice: str | None = None, resource: str | None = None) -> None:
    """Note an act that writes nothing else to the database."""
    integration = desk_of(request).integration
    actor = actor_of(request)
    audit.record_alone(integration, actor, action, practice=practice, resource=resource, outcome=AuditOutcome.DONE)


def named_by(request: Request) -> str:
    """What an address leads to, without what would let a reader of the trail go there: the number of an attempt."""
    return "link to Xero" if "attempt" in request.path_params else request.url.path


def actor_of(request: Request, named: str | None = None) -> Actor:
    """Who sends the request: whoever is logged in, or a visitor."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller:
        named_by = caller.email or caller.name
        return Actor(ActorKind.PERSON, named_by, session=caller.session, address=address_of(request))
    return Actor(ActorKind.VISITOR, address=address_of(request), named=named)


def address_of(request: Request) -> str:
    """Where a request comes from. Behind a proxy on this machine it is the address that the proxy gives."""
    return request.client.host if request.client else ""
