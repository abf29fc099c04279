"""The state of each practice's connection to Xero, and the log of its changes."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from xpm.store.consent.transitions import UNDER_WAY, is_allowed
from xpm.store.errors import TenantTaken, TransitionRefused, UnknownPractice
from xpm.store.tables import Connection, ConnectionTransition
from xpm.store.vocabulary import ConnectionState


def get(session: Session, practice: str) -> Connection:
    """Return a practice's connection. Raises UnknownPractice."""
    connection = session.get(Connection, practice)
    if connection is None:
        raise UnknownPractice(practice)
    return connection


def locked(session: Session, practice: str) -> Connection:
    """Read the connection as it is now, and lock it until the transaction ends.

    Raises UnknownPractice.
    """
    session.flush()
    connection = session.get(Connection, practice, with_for_update=True, populate_existing=True)
    if connection is None:
        raise UnknownPractice(practice)
    return connection


def move(
    session: Session,
    practice: str,
    to: ConnectionState,
    *,
    reason_key: str | None = None,
    person: str | None = None,
    flow_run_id: str | None = None,
    now: datetime,
) -> Connection:
    """Change the state and log the change. Raises TransitionRefused, and UnknownPractice.

    If the connection has this state for the same reason already, nothing is changed or logged.
    """
    connection = locked(session, practice)
    current = connection.state
    if (current, connection.reason_key) == (to, reason_key):
        return connection
    if current is not to and not is_allowed(current, to, state_before(session, practice)):
        raise TransitionRefused(practice, current, to)
    connection.state, connection.reason_key, connection.since = to, reason_key, now
    session.add(
        ConnectionTransition(
            practice=practice,
            from_state=current,
            to_state=to,
            reason_key=reason_key,
            person=person,
            flow_run_id=flow_run_id,
            at=now,
        )
    )
    session.flush()
    return connection


def state_before(session: Session, practice: str) -> ConnectionState:
    """The state that still holds while a reconnect is under way: the last one that is not part of a reconnect."""
    current = get(session, practice).state
    if current not in UNDER_WAY:
        return current
    began = (
        select(ConnectionTransition.from_state)
        .where(ConnectionTransition.practice == practice, col(ConnectionTransition.from_state).not_in(UNDER_WAY))
        .order_by(col(ConnectionTransition.id).desc())
        .limit(1)
    )
    return ConnectionState(session.exec(began).one())


def attach(
    session: Session,
    practice: str,
    *,
    tenant_id: str,
    tenant_name: str,
    xero_connection_id: str | None,
    consent_id: str,
    connected_by: str,
    now: datetime,
) -> Connection:
    """Store the chosen account. Raises TenantTaken if it belongs to another practice."""
    connection = locked(session, practice)
    connection.tenant_id, connection.tenant_name = tenant_id, tenant_name
    connection.xero_connection_id, connection.consent_id = xero_connection_id, consent_id
    connection.connected_by, connection.connected_at = connected_by, now
    try:
        session.flush()
    except IntegrityError as error:
        raise TenantTaken(tenant_id) from error
    return connection


def let_go(session: Session, practice: str) -> Connection:
    """Forget the consent and Xero's connection, but keep the tenant, so that a reconnect finds its records."""
    connection = locked(session, practice)
    connection.xero_connection_id = connection.consent_id = None
    session.flush()
    return connection


def set_aside(session: Session, practice: str, *, tenant_id: str | None, tenant_name: str | None) -> Connection:
    """Forget the consent and Xero's connection, and replace the tenant by the given one, or by none."""
    connection = let_go(session, practice)
    connection.tenant_id, connection.tenant_name = tenant_id, tenant_name
    session.flush()
    return connection


def in_use(session: Session) -> frozenset[str]:
    """Xero's ids of all practices' connections, working or not."""
    return frozenset(used for used in session.exec(select(Connection.xero_connection_id)) if used)


def tenant_owner(session: Session, tenant_id: str) -> str | None:
    """The practice that has this account, connected at the moment or not."""
    return session.exec(select(Connection.practice).where(Connection.tenant_id == tenant_id)).one_or_none()


def history(session: Session, practice: str, limit: int = 100) -> list[ConnectionTransition]:
    """List the latest changes of state, newest first."""
    log = select(ConnectionTransition).where(ConnectionTransition.practice == practice)
    return list(session.exec(log.order_by(col(ConnectionTransition.id).desc()).limit(limit)))
