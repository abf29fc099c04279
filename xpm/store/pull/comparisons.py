"""When custom field values were last compared with XPM, which sends them for one record per call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, delete, func, or_, outerjoin, select
from sqlmodel import Session

from xpm.store.engine.upserts import insert_into
from xpm.store.records.changes import changed_by
from xpm.store.records.kinds import CLIENT_CUSTOM_FIELDS, JOB_CUSTOM_FIELDS, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import OwnerKind

NOT_URGENT = 2  # the record has not changed since its values were compared

_COMPARED = StoreTable.metadata.tables["custom_field_comparison"]


def note_compared(session: Session, scope: Scope, kind: OwnerKind, owner_keys: Iterable[str], now: datetime) -> None:
    """Record that these records' values were compared with XPM now, changed or not."""
    of = {"practice": scope.practice, "tenant_id": scope.tenant_id, "owner_kind": kind, "compared_at": now}
    compared = [{**of, "owner_key": key} for key in dict.fromkeys(owner_keys)]
    if not compared:
        return
    statement = insert_into(session.connection().dialect, _COMPARED)
    keys = [column.name for column in _COMPARED.primary_key]
    newest = statement.on_conflict_do_update(index_elements=keys, set_={"compared_at": statement.excluded.compared_at})
    session.connection().execute(newest, compared)


def forget_comparisons(session: Session, run_id: str | None) -> None:
    """Make the values that a revert touched due again, since they may differ from XPM's now."""
    for table in (CLIENT_CUSTOM_FIELDS, JOB_CUSTOM_FIELDS):
        of_kind = _COMPARED.c.owner_kind == table.fixed["owner_kind"]
        touched = changed_by(run_id, table, _COMPARED, "owner_key")
        session.connection().execute(delete(_COMPARED).where(of_kind, touched))


@dataclass(frozen=True, slots=True)
class Due:
    """A record whose values are to be read. `urgency`: 0 never compared, 1 changed since, 2 not changed since.

    `number` is by what XPM's address and people name it: a job's number, or else its key.
    """

    key: str
    urgency: int
    compared_at: datetime | None
    number: str


def due(session: Session, table: RecordTable, scope: Scope, kind: OwnerKind, *, changes_only: bool) -> list[Due]:
    """List the current records of a table and how urgent it is to compare their values.

    `changes_only`: only urgency 0 and 1.
    """
    found = session.connection().execute(_due(table, scope, kind, changes_only=changes_only))
    return [Due(*row) for row in found]


def count_due(
    session: Session,
    table: RecordTable,
    scope: Scope,
    kind: OwnerKind,
    *,
    changes_only: bool,
    values_since: datetime | None = None,
) -> int:
    """Count the records that `due` would list, without those that did not change and were compared since that time."""
    statement = _due(table, scope, kind, changes_only=changes_only)
    if values_since:
        record, last = table.table.c, _COMPARED.c
        statement = statement.where(
            or_(last.compared_at.is_(None), last.compared_at < record.changed_at, last.compared_at < values_since)
        )
    due = statement.subquery()
    return session.connection().execute(select(func.count()).select_from(due)).scalar_one()


def count_never_compared(session: Session, table: RecordTable, scope: Scope, kind: OwnerKind) -> int:
    """Count the current records whose values were never compared."""
    never = _due(table, scope, kind, changes_only=True).where(_COMPARED.c.compared_at.is_(None)).subquery()
    return session.connection().execute(select(func.count()).select_from(never)).scalar_one()


def _due(
    table: RecordTable, scope: Scope, kind: OwnerKind, *, changes_only: bool
) -> Select[str, int, datetime | None, str]:
    record, last = table.table.c, _COMPARED.c
    same = and_(
        last.practice == record.practice,
        last.tenant_id == record.tenant_id,
        last.owner_kind == kind,
        last.owner_key == record[table.key],
    )
    urgency = case((last.compared_at.is_(None), 0), (last.compared_at < record.changed_at, 1), else_=NOT_URGENT)
    statement = (
        select(record[table.key], urgency, last.compared_at, record[table.number or table.key])
        .select_from(outerjoin(table.table, _COMPARED, same))
        .where(in_scope(table, scope), record.archived_at.is_(None))
    )
    return statement.where(urgency < NOT_URGENT) if changes_only else statement


def last_compared(session: Session, scope: Scope, kind: OwnerKind) -> dict[str, datetime]:
    """When each record's values were last compared. Records that never were are left out."""
    noted = select(_COMPARED.c.owner_key, _COMPARED.c.compared_at).where(
        _COMPARED.c.practice == scope.practice, _COMPARED.c.tenant_id == scope.tenant_id, _COMPARED.c.owner_kind == kind
    )
    return dict(session.connection().execute(noted).all())
