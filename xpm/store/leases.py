"""Leases: one holder of a name at a time, across processes, with a generation that fences off late holders.

No clock decides who holds a lease, since clocks differ between machines and are set wrong and right again. A holder
gives signs of life, which its row counts; whoever waits may take over once that count has stood still for long enough
(`xpm.leasing`). The time of the last sign is only shown.

The generation is Martin Kleppmann's fencing token: a holder that lost its lease finds `is_held` false inside the
transaction that would write.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from xpm.store.engine.upserts import insert_into
from xpm.store.tables import LeaseRow, StoreTable

SIGN_OF_LIFE = timedelta(seconds=10)
"""How often a holder gives a sign of life."""

DEAD_AFTER = timedelta(seconds=60)
"""A holder without a sign of life for so long is dead. Several signs in a row may be lost before that."""

_LEASES = StoreTable.metadata.tables["lease"]


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that `holder` may act under `name`, unless a later generation exists."""

    name: str
    holder: str
    generation: int


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody's lease, as seen by others: how many signs of life it has had, and when the last one came."""

    name: str
    holder: str
    generation: int
    signs: int
    last_sign_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether the last sign of life is recent by the clock. Good enough to be shown, never to take over."""
        return abs(now - self.last_sign_at) <= DEAD_AFTER


def acquire(session: Session, name: str, holder: str, now: datetime, *, instead_of: Held | None = None) -> Lease | Held:
    """Take the lease if it is free or the holder's own; otherwise return who holds it.

    `instead_of`: a holder that counts as dead; the lease is taken from it unless it has given a sign of life since.
    If several ask at the same moment, one statement in the database decides who gets it.
    """
    taken = {"holder": holder, "generation": LeaseRow.generation + 1, "signs": LeaseRow.signs + 1, "last_sign_at": now}
    may_take = [col(LeaseRow.holder).is_(None), col(LeaseRow.holder) == holder]
    if instead_of is not None:
        may_take.append(_silent(instead_of))
    statement = (
        insert_into(session.connection().dialect, _LEASES)
        .values(name=name, holder=holder, generation=1, signs=1, last_sign_at=now)
        .on_conflict_do_update(
            index_elements=["name"],
            set_=taken,
            where=or_(*may_take),
        )
        .returning(col(LeaseRow.generation))
    )
    generation = session.connection().scalar(statement)
    if generation is not None:
        return Lease(name, holder, generation)
    held = find(session, name)
    return held if held else acquire(session, name, holder, now)  # it was released in between


def renew(session: Session, lease: Lease, now: datetime) -> bool:
    """Give a sign of life; false if the lease was lost. Until the caller's transaction ends, nobody can take it."""
    sign = update(LeaseRow).where(_same(lease)).values(signs=LeaseRow.signs + 1, last_sign_at=now)
    return session.connection().execute(sign).rowcount == 1


def release(session: Session, lease: Lease) -> bool:
    """Release the lease; false if it was lost before. The row keeps its generation, so that the next is higher."""
    return session.connection().execute(update(LeaseRow).where(_same(lease)).values(holder=None)).rowcount == 1


def break_(session: Session, held: Held) -> bool:
    """Free somebody's lease, whether alive or not; false if it has changed hands. That holder can write no more."""
    return session.connection().execute(update(LeaseRow).where(_same(held)).values(holder=None)).rowcount == 1


def is_held(session: Session, lease: Lease) -> bool:
    """Whether this lease is still held. If so, it stays held until the caller's transaction ends."""
    row = select(col(LeaseRow.name)).where(_same(lease)).with_for_update()
    return session.connection().scalar(row) is not None


def find(session: Session, name: str) -> Held | None:
    """Who holds the lease, dead or alive; None if it is free."""
    row = session.get(LeaseRow, name, populate_existing=True)
    return _held(row) if row and row.holder else None


def every(session: Session) -> list[Held]:
    """Every lease that somebody holds, dead or alive, by name."""
    rows = session.exec(select_rows(LeaseRow).where(col(LeaseRow.holder).is_not(None)).order_by(col(LeaseRow.name)))
    return [_held(row) for row in rows]


def _held(row: LeaseRow) -> Held:
    return Held(row.name, row.holder or "", row.generation, row.signs, row.last_sign_at)


def _same(lease: Lease | Held) -> ColumnElement[bool]:
    return and_(
        col(LeaseRow.name) == lease.name,
        col(LeaseRow.holder) == lease.holder,
        col(LeaseRow.generation) == lease.generation,
    )


def _silent(held: Held) -> ColumnElement[bool]:
    """The condition that a holder has given no sign of life since it was seen."""
    return and_(_same(held), col(LeaseRow.signs) == held.signs)
