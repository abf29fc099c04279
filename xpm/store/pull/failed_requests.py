"""How often each request to Xero failed in a run, so that whoever tries it again knows of the tries before."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from xpm.store.engine.upserts import insert_into
from xpm.store.tables import FailedRequest, StoreTable

KEPT = timedelta(hours=1)
"""Whoever tries again later than this starts afresh: a person, after reading the message, or a parked run."""

_FAILED = StoreTable.metadata.tables["failed_request"]


def count(session: Session, run: str, request: str, now: datetime) -> int:
    """Count one more failed try, and return how many there were."""
    session.connection().execute(delete(FailedRequest).where(col(FailedRequest.last_at) < now - KEPT))
    statement = (
        insert_into(session.connection().dialect, _FAILED)
        .values(run=run, request=request, tries=1, last_at=now)
        .on_conflict_do_update(
            index_elements=["run", "request"], set_={"tries": FailedRequest.tries + 1, "last_at": now}
        )
        .returning(col(FailedRequest.tries))
    )
    return session.connection().scalar(statement) or 1
