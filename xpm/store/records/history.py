"""The history of a record: what was done to it, field by field, for as long as history is kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile

from sqlalchemy import ColumnElement, Table, and_, delete, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from xpm.store.engine.key_lists import among
from xpm.store.records.kinds import ALL, SCOPE, Part, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.tables import RecordChange

UNTOLD = frozenset(
    {*SCOPE, "content_hash", "sent_digest", "first_synced_at", "changed_at", "changed_by_run", "archived_at"}
)
"""Bookkeeping that means nothing to people. The reason why a record is archived is not among it."""

BATCH = 1_000  # changes forgotten in one transaction

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field, before and after a change."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a record. `fields` is empty if the whole record was added or removed."""

    change: RecordChange
    fields: tuple[FieldChange, ...]


def named(session: Session, table: RecordTable, name: str) -> list[tuple[Scope, str]]:
    """Find the records that have a history and this key or number: each one's scope and key.

    Several practices may have the same job number, and in one practice it may have gone from job to job. Then the job
    is meant that has it now, or had it when it was archived, or else any that ever had it.
    """
    keys = {name, *_keys_by_number(session, table.of or table, name)}
    found = select_rows(RecordChange.practice, RecordChange.tenant_id, RecordChange.record_key).where(
        among(col(RecordChange.record_key), keys), RecordChange.record_table == table.name
    )
    rows = session.exec(found.distinct().order_by("practice", "tenant_id", "record_key"))
    return [(Scope(practice, tenant_id), key) for practice, tenant_id, key in rows]


def _keys_by_number(session: Session, table: RecordTable, number: str) -> set[str]:
    if table.number is None:
        return set()
    (main, *_), connection = table.parts, session.connection()
    now, before = main.table.c, main.before.c
    holding = select(now.practice, now.tenant_id, now[table.key], now.archived_at.is_(None))
    held = connection.execute(holding.where(now[table.number] == number)).all()
    having_held = select(before.practice, before.tenant_id, before[table.key])
    former = connection.execute(having_held.where(before[table.number] == number)).all()
    taken = {Scope(practice, tenant_id) for practice, tenant_id, _, _ in held}
    current = {Scope(practice, tenant_id) for practice, tenant_id, _, is_current in held if is_current}
    return {
        *(key for *of, key, is_current in held if is_current or Scope(*of) not in current),
        *(key for *of, key in former if Scope(*of) not in taken),
    }


def life(
    session: Session, table: RecordTable, scope: Scope, key: str, *, nothing: Fields | None = None
) -> list[HistoryEntry]:
    """List what was done to a record, oldest first.

    `nothing` are the fields to compare with where there was no record; without any, adding it changes no field.
    """
    of = select_rows(RecordChange).where(
        RecordChange.practice == scope.practice,
        RecordChange.tenant_id == scope.tenant_id,
        RecordChange.record_table == table.name,
        RecordChange.record_key == key,
    )
    changes = list(session.exec(of.order_by(col(RecordChange.id))))
    states = [_before(session, table, change) for change in changes] + [_now(session, table, scope, key)]
    sides = zip(changes, pairwise(states), strict=True)
    return [HistoryEntry(change, _fields(before or nothing, after)) for change, (before, after) in sides]


def kept(session: Session, run_ids: Collection[str]) -> dict[str, int]:
    """Count the changes of each run that are still kept. Runs without any are left out."""
    by_run = select_rows(RecordChange.run_id, func.count()).where(among(col(RecordChange.run_id), run_ids))
    return {run_id: count for run_id, count in session.exec(by_run.group_by(col(RecordChange.run_id))) if run_id}


def untouched(session: Session, run_ids: Collection[str]) -> set[str]:
    """The runs whose changes cannot have been forgotten in part: an older change, of whatever run, is still kept."""
    oldest = select_rows(func.min(RecordChange.id)).scalar_subquery()
    of_runs = select_rows(RecordChange.run_id).where(among(col(RecordChange.run_id), run_ids))
    first_kept = of_runs.group_by(col(RecordChange.run_id)).having(func.min(RecordChange.id) > oldest)
    return {run_id for run_id in session.exec(first_kept) if run_id}


def forget(session: Session, before: datetime) -> int:
    """Forget a batch of the changes made before a moment, and return how many; 0 once all are forgotten.

    Changes are numbered in the order they are made, so the oldest come first, and no newer change is forgotten.
    """
    oldest = session.exec(select_rows(RecordChange.id, RecordChange.at).order_by(col(RecordChange.id)).limit(BATCH))
    over = [number for number, _ in takewhile(lambda one: one[1] < before, oldest)]
    if over:
        for table in {part.before.name: part.before for kind in ALL.values() for part in kind.parts}.values():
            session.connection().execute(delete(table).where(table.c.change_id <= over[-1]))
        session.connection().execute(delete(RecordChange).where(col(RecordChange.id) <= over[-1]))
    return len(over)


def _fields(before: Fields | None, after: Fields | None) -> tuple[FieldChange, ...]:
    if before is None or after is None:
        return ()
    return tuple(FieldChange(name, value, after[name]) for name, value in before.items() if value != after[name])


def _before(session: Session, table: RecordTable, change: RecordChange) -> Fields | None:
    return _state(session, table, {part: part.before.c.change_id == change.id for part in table.parts}, former=True)


def _now(session: Session, table: RecordTable, scope: Scope, key: str) -> Fields | None:
    return _state(session, table, {part: _of(table, part, scope, key) for part in table.parts}, former=False)


def _of(table: RecordTable, part: Part, scope: Scope, key: str) -> ColumnElement[bool]:
    values = {"practice": scope.practice, "tenant_id": scope.tenant_id, part.key: key, **table.fixed}
    return and_(*(part.table.c[name] == value for name, value in values.items()))


def _state(
    session: Session, table: RecordTable, which: Mapping[Part, ColumnElement[bool]], *, former: bool
) -> Fields | None:
    """A record's fields and, under each table's name, the rows it owns; `None` if there is no such record."""
    rows = {part: _rows(session, part.before if former else part.table, part, where) for part, where in which.items()}
    main, *owned = table.parts
    if not rows[main]:
        return None
    return {**rows[main][0], **{part.table.name: rows[part] for part in owned}}


def _rows(session: Session, table: Table, part: Part, which: ColumnElement[bool]) -> list[Fields]:
    shown = [column for column in table.c if column.name not in {*UNTOLD, "change_id", part.key}]
    order = [table.c[column.name] for column in part.table.primary_key]
    return [dict(row) for row in session.connection().execute(select(*shown).where(which).order_by(*order)).mappings()]
