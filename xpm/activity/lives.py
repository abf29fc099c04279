"""The life of one record as people read it: with its custom fields, by their names, and without what nobody sees."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from xpm.activity.authors import author
from xpm.entities.names import Noun
from xpm.entities.registry import BY_NOUN, PUSHED
from xpm.store.push.protection import VALUE_COLUMNS, VALUES
from xpm.store.records import history
from xpm.store.records.history import FieldChange, HistoryEntry
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.tables import RecordChange
from xpm.store.vocabulary import ChangeKind

NO_VALUES: Mapping[str, object] = {VALUES: []}
"""What the history compares the first custom fields of a record with."""


@dataclass(frozen=True)
class Changed:
    """One change of a record. `fields` is empty where the whole record was added or removed."""

    at: datetime
    kind: ChangeKind
    by: str
    fields: Sequence[FieldChange]


def named(session: Session, kind: Noun, name: str) -> list[tuple[Scope, str]]:
    """Find the records of which the history has anything, as `xpm.store.records.history.named`."""
    found = {one: None for table in _tables(kind) for one in history.named(session, table, name)}
    return list(found)


def life(session: Session, kind: Noun, scope: Scope, key: str) -> list[Changed]:
    """What happened to a record, oldest first. What one act or run changed at one moment is one change."""
    of, *values = _tables(kind)
    steps = [*_told(session, of, scope, key), *(step for table in values for step in _told(session, table, scope, key))]
    steps.sort(key=lambda step: step.change.id or 0)
    return [_together(session, [*same]) for _, same in groupby(steps, key=lambda step: _act(step.change))]


def _tables(kind: Noun) -> Sequence[RecordTable]:
    """The kinds of records whose changes are those of this one: the record itself, and its custom fields."""
    return (BY_NOUN[kind].table, PUSHED[kind].values) if kind in PUSHED else (BY_NOUN[kind].table,)


def _told(session: Session, table: RecordTable, scope: Scope, key: str) -> Iterator[HistoryEntry]:
    """The changes that mean something to people. Custom fields come and go with their values, not as a record."""
    is_values = VALUES in table.owned
    for step in history.life(session, table, scope, key, nothing=NO_VALUES if is_values else None):
        fields = tuple(_by_name(step.fields)) if is_values else step.fields
        if fields or not (is_values or step.change.kind is ChangeKind.CHANGED):
            yield HistoryEntry(step.change, fields)


def _act(change: RecordChange) -> tuple[object, ...]:
    is_of_values = change.kind is ChangeKind.ADDED and change.record_table.endswith("_custom_fields")
    kind = ChangeKind.CHANGED if is_of_values else change.kind
    return change.at, change.run_id, change.person, kind


def _together(session: Session, steps: Sequence[HistoryEntry]) -> Changed:
    first = steps[0].change
    *_, kind = _act(first)
    fields = [field for step in steps for field in step.fields]
    return Changed(first.at, ChangeKind(str(kind)), author(session, first.run_id, first.person), fields)


def _by_name(changes: Sequence[FieldChange]) -> Iterator[FieldChange]:
    """Each custom field that changed, under its own name."""
    for change in changes:
        if change.field != VALUES:
            yield change
            continue
        before, after = _by_definition(change.before), _by_definition(change.after)
        for uuid in [*before, *(one for one in after if one not in before)]:
            was, is_now = before.get(uuid, {}), after.get(uuid, {})
            if _value(was) != _value(is_now):
                yield FieldChange(str(is_now.get("name") or was.get("name") or uuid), _value(was), _value(is_now))


def _by_definition(rows: object) -> Mapping[str, Mapping[str, object]]:
    listed = rows if isinstance(rows, list) else []
    return {row["definition_uuid"]: row for row in listed}


def _value(row: Mapping[str, object]) -> object:
    """The value of a custom field, which is in the column of its type. A checkbox that is not ticked has none."""
    return next((row[name] for name in VALUE_COLUMNS if row.get(name) not in (None, False)), None)
