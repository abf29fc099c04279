"""Quarantine: unreadable records and parts of records, kept with reason and payload until they are read well."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import func, update
from sqlmodel import Session, col, or_, select

from xpm.store.engine.key_lists import among, is_storable_key
from xpm.store.records.bulk import BATCH, Scope
from xpm.store.tables import Quarantine


def put(
    session: Session,
    scope: Scope,
    entity: str,
    *,
    record_key: str | None,
    reason: str,
    payload: str,
    parts: str | None = None,
    run_id: str | None,
    now: datetime,
) -> Quarantine:
    """Quarantine one record, or the `parts` that were left out of it. An older, unresolved entry of the same record is
    replaced, so that it is listed once.

    A key that cannot be stored is left out; the payload has it.
    """
    record_key = record_key if record_key is not None and is_storable_key(record_key) else None
    if record_key is not None:
        resolve(session, scope, entity, [record_key], now)
    entry = Quarantine(
        practice=scope.practice,
        tenant_id=scope.tenant_id,
        entity=entity,
        record_key=record_key,
        reason=_storable(reason),
        payload=_storable(payload),
        parts=None if parts is None else _storable(parts),
        run_id=run_id,
        at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def unresolved(session: Session, scope: Scope, entity: str | None = None) -> list[Quarantine]:
    """List the unresolved entries, oldest first."""
    aside = select(Quarantine).where(
        Quarantine.practice == scope.practice,
        Quarantine.tenant_id == scope.tenant_id,
        col(Quarantine.resolved_at).is_(None),
    )
    if entity is not None:
        aside = aside.where(Quarantine.entity == entity)
    return list(session.exec(aside.order_by(col(Quarantine.id))))


def count(session: Session, scope: Scope, *, at: datetime | None = None) -> int:
    """Count the unresolved entries, as they are now or were at this time."""
    aside = select(func.count()).where(Quarantine.practice == scope.practice, Quarantine.tenant_id == scope.tenant_id)
    if at is None:
        return session.exec(aside.where(col(Quarantine.resolved_at).is_(None))).one()
    still = or_(col(Quarantine.resolved_at).is_(None), col(Quarantine.resolved_at) > at)
    return session.exec(aside.where(Quarantine.at <= at, still)).one()


def resolve(session: Session, scope: Scope, entity: str, record_keys: Iterable[str], now: datetime) -> int:
    """Resolve the entries of these records, and return how many there were. A sync calls it for the keys it stored."""
    remaining, resolved = iter(record_keys), 0
    while batch := list(islice(remaining, BATCH)):
        statement = (
            update(Quarantine)
            .where(
                col(Quarantine.practice) == scope.practice,
                col(Quarantine.tenant_id) == scope.tenant_id,
                col(Quarantine.entity) == entity,
                among(col(Quarantine.record_key), batch),
                col(Quarantine.resolved_at).is_(None),
            )
            .values(resolved_at=now)
        )
        resolved += session.connection().execute(statement).rowcount
    return resolved


def dismiss(session: Session, entry_id: int, now: datetime) -> bool:
    """Resolve one entry, such as one without a key. False if it was resolved already or never existed."""
    entry = session.get(Quarantine, entry_id)
    if entry is None or entry.resolved_at is not None:
        return False
    entry.resolved_at = now
    session.flush()
    return True


def _storable(text: str) -> str:
    """Replace what PostgreSQL cannot store as text: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
