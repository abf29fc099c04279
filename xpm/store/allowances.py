"""The row that all callers of a tenant share, and the tally of their calls."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from xpm.store.engine.upserts import insert_into
from xpm.store.tables import CallTally, JsonObject, StoreTable, TenantAllowance
from xpm.store.vocabulary import CallPriority

KEPT = timedelta(days=400)  # how long tallies are kept: enough to compare a day with the same day last year

TENANT_ALLOWANCE, CALL_TALLY = (StoreTable.metadata.tables[name] for name in ("tenant_allowance", "call_tally"))
_STATE = select(col(TenantAllowance.state))


def locked(session: Session, tenant_id: str) -> JsonObject:
    """Return the tenant's state, empty at first, and lock it until the caller's transaction ends."""
    state = _read(session, tenant_id)
    if state is None:
        fresh = insert_into(session.connection().dialect, TENANT_ALLOWANCE).values(tenant_id=tenant_id, state={})
        session.connection().execute(fresh.on_conflict_do_nothing())
        state = _read(session, tenant_id)
    return state or {}


def keep(session: Session, tenant_id: str, state: JsonObject) -> None:
    """Store the tenant's state. Call it in the transaction of `locked`."""
    row = update(TenantAllowance).where(col(TenantAllowance.tenant_id) == tenant_id)
    session.connection().execute(row.values(state=state))


def count(session: Session, tenant_id: str, day: date, priority: CallPriority, size: int) -> None:
    """Add one call of `size` bytes to the tally of a day. The day's first call deletes tallies that are too old."""
    statement = (
        insert_into(session.connection().dialect, CALL_TALLY)
        .values(tenant_id=tenant_id, day=day, priority=priority, calls=1, bytes=size)
        .on_conflict_do_update(
            index_elements=["tenant_id", "day", "priority"],
            set_={"calls": CallTally.calls + 1, "bytes": CallTally.bytes + size},
        )
        .returning(col(CallTally.calls))
    )
    if session.connection().scalar(statement) == 1:
        old = delete(CallTally).where(col(CallTally.tenant_id) == tenant_id, col(CallTally.day) < day - KEPT)
        session.connection().execute(old)


def usage(session: Session, tenant_id: str, since: date) -> Sequence[CallTally]:
    """List the tallies from a day on, newest day first."""
    found = select(CallTally).where(col(CallTally.tenant_id) == tenant_id, col(CallTally.day) >= since)
    return session.scalars(found.order_by(col(CallTally.day).desc(), col(CallTally.priority))).all()


def _read(session: Session, tenant_id: str) -> JsonObject | None:
    row = _STATE.where(col(TenantAllowance.tenant_id) == tenant_id).with_for_update()
    return session.connection().scalar(row)
