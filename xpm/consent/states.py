"""Changes of a connection's state, each with its entry in Practice Activity."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from xpm.activity.log import record
from xpm.store import practices
from xpm.store.consent import connections
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.tables import Connection, ConnectionTransition
from xpm.store.vocabulary import ConnectionState
from xpm.words import Message


def move(
    session: Session,
    practice: str,
    to: ConnectionState,
    message: Message,
    *,
    now: datetime,
    person: str | None = None,
    flow_run_id: str | None = None,
) -> None:
    """Move the connection to a state and log the message, in the caller's transaction.

    Raises:
        TransitionRefused: the current state does not allow this one.
    """
    connections.move(session, practice, to, reason_key=message.key, person=person, flow_run_id=flow_run_id, now=now)
    record(session, practice, message, now=now, person=person, flow_run_id=flow_run_id)


def reconnecting_run(session: Session, practice: str) -> str | None:
    """Return the flow run whose reconnect is under way, or None."""
    if connections.get(session, practice).state not in UNDER_WAY:
        return None
    return connections.history(session, practice, limit=1)[0].flow_run_id


def give_up(session: Session, practice: str, message: Message, *, now: datetime, flow_run_id: str) -> None:
    """Return to the state before this run's reconnect; do nothing if the run has no reconnect under way.

    The earlier state keeps its time and reason, as if the reconnect had not been tried; the try itself is in the log.
    """
    if reconnecting_run(session, practice) != flow_run_id:
        return
    before = connections.state_before(session, practice)
    connection = connections.move(session, practice, before, reason_key=message.key, flow_run_id=flow_run_id, now=now)
    connection.since, connection.reason_key = _since_and_why(session, connection)


def _since_and_why(session: Session, connection: Connection) -> tuple[datetime, str | None]:
    """Return when and why the connection came into its state, ignoring reconnects that were given up."""
    entered = select(ConnectionTransition).where(
        ConnectionTransition.practice == connection.practice,
        ConnectionTransition.to_state == connection.state,
        or_(
            col(ConnectionTransition.from_state).not_in(UNDER_WAY),
            ConnectionTransition.at == connection.connected_at,  # a reconnect that was finished
        ),
    )
    latest = session.exec(entered.order_by(col(ConnectionTransition.id).desc()).limit(1)).one_or_none()
    if latest is None:  # it was never connected
        return practices.get(session, connection.practice).created_at, None
    return latest.at, latest.reason_key
