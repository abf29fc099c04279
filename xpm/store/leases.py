"""Leases: one holder of a name at a time, across processes, with a generation that fences off late holders.

The generation is Martin Kleppmann's fencing token: a holder that lost its lease finds `is_held` false inside the
transaction that would write.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session, col

from xpm.store.engine.upserts import insert_into
from xpm.store.tables import LeaseRow, StoreTable

_LEASES = StoreTable.metadata.tables["lease"]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that `holder` may act under `name` until `expires_at`, unless a later generation exists."""

    name: str
    holder: str
    generation: int
    expires_at: datetime


def acquire(session: Session, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
    """Take the lease if it is free, expired, or the holder's own; `None` if someone else holds it.

    If several holders ask at the same moment, one statement in the database decides who gets it.
    """
    expires_at = now + ttl
    statement = (
        insert_into(session.connection().dialect, _LEASES)
        .values(name=name, holder=holder, generation=1, expires_at=expires_at)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "generation": LeaseRow.generation + 1, "expires_at": expires_at},
            where=or_(
                col(LeaseRow.holder).is_(None),
                col(LeaseRow.holder) == holder,
                col(LeaseRow.expires_at) <= now,
            ),
        )
        .returning(col(LeaseRow.generation))
    )
    generation = session.connection().scalar(statement)
    return None if generation is None else Lease(name, holder, generation, expires_at)


def renew(session: Session, lease: Lease, now: datetime, ttl: timedelta) -> Lease | None:
    """Extend the lease to `ttl` from now. An expired lease is extended, too, unless someone took it: then `None`."""
    expires_at = now + ttl
    kept = session.connection().execute(update(LeaseRow).where(_same(lease)).values(expires_at=expires_at)).rowcount
    return Lease(lease.name, lease.holder, lease.generation, expires_at) if kept else None


def release(session: Session, lease: Lease) -> bool:
    """Release the lease; false if it was lost before. The row keeps its generation, so that the next is higher."""
    freed = update(LeaseRow).where(_same(lease)).values(holder=None, expires_at=_LONG_AGO)
    return session.connection().execute(freed).rowcount == 1


def is_held(session: Session, lease: Lease) -> bool:
    """Whether this lease is still held. If so, it stays held until the caller's transaction ends."""
    row = select(col(LeaseRow.name)).where(_same(lease)).with_for_update()
    return session.connection().scalar(row) is not None


def is_taken(session: Session, name: str, now: datetime) -> bool:
    """Whether somebody holds the lease at this moment."""
    row = select(col(LeaseRow.name)).where(
        col(LeaseRow.name) == name, col(LeaseRow.holder).is_not(None), col(LeaseRow.expires_at) > now
    )
    return session.connection().scalar(row) is not None


def _same(lease: Lease) -> ColumnElement[bool]:
    return and_(
        col(LeaseRow.name) == lease.name,
        col(LeaseRow.holder) == lease.holder,
        col(LeaseRow.generation) == lease.generation,
    )
