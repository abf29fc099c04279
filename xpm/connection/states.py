"""Changes of a connection's state, each with its entry in Practice Activity."""

from datetime import datetime

from sqlmodel import Session

from xpm.connection.activity import record
from xpm.store import connections
from xpm.store.transitions import UNDER_WAY
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


def give_up(session: Session, practice: str, said: Message, *, now: datetime, flow_run_id: str | None) -> None:
    """Return to the state there was before a reconnect that came to nothing; does nothing when none is under way."""
    if connections.get(session, practice).state in UNDER_WAY:
        before = connections.state_before(session, practice)
        connections.move(session, practice, before, reason_key=said.key, flow_run_id=flow_run_id, now=now)
