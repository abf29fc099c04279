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
    said: Message,
    *,
    now: datetime,
    person: str | None = None,
    flow_run_id: str | None = None,
) -> None:
    """Go to a state and say so, in the caller's transaction.

    Raises:
        TransitionRefused: the state does not follow from the one there is.
    """
    connections.move(session, practice, to, reason_key=said.key, person=person, flow_run_id=flow_run_id, now=now)
    record(session, practice, said, now=now, person=person, flow_run_id=flow_run_id)


def reconnecting_run(session: Session, practice: str) -> str | None:
    """The flow run whose reconnect is under way; None when none is."""
    if connections.get(session, practice).state not in UNDER_WAY:
        return None
    return connections.history(session, practice, limit=1)[0].flow_run_id


def give_up(session: Session, practice: str, said: Message, *, now: datetime, flow_run_id: str) -> None:
    """Return to the state there was before this run's reconnect; does nothing when no reconnect of it is under way.

    The state holds since when it held before, and for the same reason; that a reconnect came to nothing is in the log.
    """
    if reconnecting_run(session, practice) != flow_run_id:
        return
    before = connections.state_before(session, practice)
    connection = connections.move(session, practice, before, reason_key=said.key, flow_run_id=flow_run_id, now=now)
    connection.since, connection.reason_key = _since_and_why(session, connection)


def _since_and_why(session: Session, connection: Connection) -> tuple[datetime, str | None]:
    """When the connection came into its state, and why, reconnects that came to nothing left aside."""
    came = select(ConnectionTransition).where(
        ConnectionTransition.practice == connection.practice,
        ConnectionTransition.to_state == connection.state,
        or_(
            col(ConnectionTransition.from_state).not_in(UNDER_WAY),
            ConnectionTransition.at == connection.connected_at,  # a reconnect that was finished
        ),
    )
    first = session.exec(came.order_by(col(ConnectionTransition.id).desc()).limit(1)).one_or_none()
    if first is None:  # it was never connected
        return practices.get(session, connection.practice).created_at, None
    return first.at, first.reason_key
