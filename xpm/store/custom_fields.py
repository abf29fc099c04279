"""When custom field values were last compared with XPM, which sends them one record a call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import and_, case, outerjoin, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from xpm.store.key_lists import among
from xpm.store.record_rows import in_scope
from xpm.store.record_tables import RecordTable
from xpm.store.records import BATCH, Scope
from xpm.store.tables import CustomFieldOwner, StoreTable
from xpm.store.vocabulary import OwnerKind


def note_compared(session: Session, scope: Scope, kind: OwnerKind, owner_keys: Iterable[str], now: datetime) -> None:
    """Note that these records' values are as XPM has them now, changed or not."""
    remaining = iter(owner_keys)
    while batch := list(islice(remaining, BATCH)):
        session.connection().execute(
            update(CustomFieldOwner)
            .where(
                col(CustomFieldOwner.practice) == scope.practice,
                col(CustomFieldOwner.tenant_id) == scope.tenant_id,
                col(CustomFieldOwner.owner_kind) == kind,
                among(col(CustomFieldOwner.owner_key), batch),
            )
            .values(compared_at=now)
        )


@dataclass(frozen=True, slots=True)
class Due:
    """A record whose values are to be read. `urgency`: 0 never compared, 1 changed since, 2 only a while ago."""

    key: str
    urgency: int
    compared_at: datetime | None


def due(session: Session, table: RecordTable, scope: Scope, kind: OwnerKind, *, changes_only: bool) -> list[Due]:
    """List the current records of a table with the urgency of comparing their values; `changes_only`: 0 and 1."""
    record, owner = table.table.c, StoreTable.metadata.tables["custom_field_owner"].c
    same = and_(
        owner.practice == record.practice,
        owner.tenant_id == record.tenant_id,
        owner.owner_kind == kind,
        owner.owner_key == record[table.key],
    )
    urgency = case((owner.compared_at.is_(None), 0), (owner.compared_at < record.changed_at, 1), else_=2)
    statement = (
        select(record[table.key], urgency, owner.compared_at)
        .select_from(outerjoin(table.table, owner.owner_key.table, same))
        .where(in_scope(table, scope), record.archived_at.is_(None))
    )
    found = session.connection().execute(statement.where(urgency < 2) if changes_only else statement)  # noqa: PLR2004
    return [Due(*row) for row in found]


def last_compared(session: Session, scope: Scope, kind: OwnerKind) -> dict[str, datetime]:
    """Tell when each record's values were last compared; records that never were are not in it."""
    found = session.exec(
        select_rows(CustomFieldOwner.owner_key, CustomFieldOwner.compared_at).where(
            CustomFieldOwner.practice == scope.practice,
            CustomFieldOwner.tenant_id == scope.tenant_id,
            CustomFieldOwner.owner_kind == kind,
        )
    )
    return {key: at for key, at in found if at is not None}
