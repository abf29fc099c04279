"""The life of one record as people read it: with its custom fields, by their names, and without what nobody sees."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from xpm.activity.authors import author
from xpm.entities.names import Noun
from xpm.entities.registry import BY_NOUN, PUSHED
from xpm.store.push.protection import VALUES, held_value
from xpm.store.records import history
from xpm.store.records.history import FieldChange
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
    of, *parts = _tables(kind)
    steps = [
        *_of_record(session, of, scope, key),
        *(one for part in parts for one in _of_part(session, part, scope, key)),
    ]
    steps.sort(key=lambda step: step.change.id or 0)
    return [_together(session, [*same]) for _, same in groupby(steps, key=_Step.act)]


@dataclass(frozen=True)
class _Step:
    """A change as the history has it, what it was to people, and its fields by name."""

    change: RecordChange
    kind: ChangeKind
    fields: Sequence[FieldChange]

    def act(self) -> tuple[object, ...]:
        """What steps have in common that came with one act."""
        return self.change.at, self.change.run_id, self.change.person, self.kind


def _tables(kind: Noun) -> Sequence[RecordTable]:
    """Whose changes are those of the record: its own, and those of its custom fields."""
    return (BY_NOUN[kind].table, PUSHED[kind].values) if kind in PUSHED else (BY_NOUN[kind].table,)


def _of_record(session: Session, table: RecordTable, scope: Scope, key: str) -> Iterator[_Step]:
    """The changes of the record, without those of which people see nothing."""
    for step in history.life(session, table, scope, key):
        fields = [*_by_name(step.fields)]
        if fields or step.change.kind is not ChangeKind.CHANGED:
            yield _Step(step.change, step.change.kind, fields)


def _of_part(session: Session, table: RecordTable, scope: Scope, key: str) -> Iterator[_Step]:
    """The changes of its custom fields. They come and go with the record, which says so itself."""
    for step in history.life(session, table, scope, key, nothing=NO_VALUES):
        fields = [*_by_name([field for field in step.fields if field.field == VALUES])]
        if fields:
            yield _Step(step.change, ChangeKind.CHANGED, fields)


def _together(session: Session, steps: Sequence[_Step]) -> Changed:
    first = steps[0]
    by = author(session, first.change.run_id, first.change.person)
    return Changed(first.change.at, first.kind, by, [field for step in steps for field in step.fields])


def _by_name(changes: Sequence[FieldChange]) -> Iterator[FieldChange]:
    """Each custom field that changed, under its own name."""
    for change in changes:
        if change.field != VALUES:
            yield change
            continue
        before, after = _by_definition(change.before), _by_definition(change.after)
        for uuid in [*before, *(one for one in after if one not in before)]:
            was, is_now = before.get(uuid, {}), after.get(uuid, {})
            name = str(is_now.get("name") or was.get("name") or uuid)
            seen = FieldChange(name, held_value(was), held_value(is_now))
            if seen.before != seen.after:
                yield seen


def _by_definition(rows: object) -> Mapping[str, Mapping[str, object]]:
    listed = rows if isinstance(rows, list) else []
    return {row["definition_uuid"]: row for row in listed}
