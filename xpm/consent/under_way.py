"""The reconnect that is under way: whose it is, and since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xpm.consent.states import reconnecting_run
from xpm.store import people
from xpm.store.consent import attempts


@dataclass(frozen=True)
class UnderWay:
    """A reconnect that is not over: its run, who it is for, and when it began."""

    run: UUID
    email: str
    person: str
    at: datetime


def under_way_of(session: Session, practice: str) -> UnderWay | None:
    """Find the reconnect that has asked somebody to log in to Xero, and is not over as far as FYI knows."""
    run = reconnecting_run(session, practice)
    attempt = next(iter(attempts.of_run(session, run)), None) if run else None
    if run is None or attempt is None:
        return None
    person = people.get(session, attempt.user_id)
    return UnderWay(UUID(run), person.email, person.name, attempt.created_at)
