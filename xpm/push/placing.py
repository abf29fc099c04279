"""Gives a field of a stored record the value that a text stands for. The text was checked before, or is XPM's."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED
from xpm.store.push import edits
from xpm.store.push.edits import TIME, Place
from xpm.store.push.protection import VALUE_COLUMNS, VALUES, columns_of, tables_of, value_in
from xpm.store.records import edits as record_edits
from xpm.store.records import kinds, locking, reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.tables import CustomFieldDefinition, PendingEdit, Staff
from xpm.store.vocabulary import EditState

Value = str | date | Decimal | bool | None

_TYPES = {FieldType.DAY: date, FieldType.AMOUNT: Decimal}
ELEMENTS: Mapping[str, type] = {"Date": date, "Number": Decimal, "Decimal": Decimal, "Boolean": bool}
"""What XPM's elements of custom field values hold, unless it is text."""
_FLAGS = ("false", "true")

WAITING = (EditState.QUEUED, EditState.SENDING)
"""The states of edits that are on their way to XPM."""


def noun_of(table: str) -> Noun:
    """The kind of record that the edits of this table are about."""
    if table == TIME:
        return Noun.JOB
    return next(noun for noun, pushed in PUSHED.items() if table in (pushed.table.name, pushed.values.name))


def hold(session: Session, scope: Scope, noun: Noun, keys: Collection[str]) -> None:
    """Hold records with the values of their custom fields, so that nobody edits, sends or decides about them meanwhile.

    Whoever reads an edit to move it holds its record first: a state that was read before may be over.
    """
    for table in (PUSHED[noun].table, PUSHED[noun].values):
        locking.lock(session.connection(), table, scope, keys)


def waiting_of(session: Session, scope: Scope, noun: Noun, key: str) -> list[PendingEdit]:
    """The edits on their way to XPM of one record, of its custom fields and of its time."""
    tables = sorted(tables_of(PUSHED[noun].table))
    found = (edit for table in tables for edit in edits.open_of_record(session, scope, table, key))
    return [edit for edit in found if edit.state in WAITING]


def typed(kind: type, text: str | None) -> Value:
    """The value that a text stands for.

    Raises ValueError if it stands for none: the type of a custom field may change after a value was typed.
    """
    if text is None:
        return None
    if kind is date:
        return date.fromisoformat(text)
    if kind is Decimal:
        return _decimal(text)
    return _FLAGS.index(text) == 1 if kind is bool else text


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text} is no number") from error


def typed_in(noun: Noun, column: str, text: str | None) -> Value:
    """The value with the type of a record's column."""
    field = PUSHED[noun].in_column(column)
    return typed(_TYPES.get(field.type, str) if field else str, text)


def current(session: Session, scope: Scope, place: Place) -> str | None:
    """What FYI has in a field now."""
    row = next(reads.read(session, _table(place), scope, [place.key]), None)
    return value_in(row, place.field) if row else None


def exists(session: Session, scope: Scope, place: Place) -> bool:
    """Whether FYI has the record, or the owner's values."""
    return next(reads.read(session, _table(place), scope, [place.key]), None) is not None


def put_value(
    session: Session, scope: Scope, place: Place, text: str | None, *, person: str | None, now: datetime
) -> None:
    """Change the field in FYI, with an entry in the record's history."""
    columns = columns_for(session, scope, place, text)
    if place.table in {pushed.values.name for pushed in PUSHED.values()}:
        which = {"definition_uuid": place.field}
        record_edits.edit_owned(
            session, _table(place), scope, place.key, name=VALUES, which=which, values=columns, person=person, now=now
        )
    else:
        record_edits.edit(session, _table(place), scope, place.key, columns or {}, person=person, now=now)


def columns_for(session: Session, scope: Scope, place: Place, text: str | None) -> Mapping[str, object] | None:
    """The columns that hold the value; `None` for a custom field without one."""
    noun = noun_of(place.table)
    if place.table == PUSHED[noun].values.name:
        return None if text is None else _of_custom_field(session, scope, place.field, text)
    columns = columns_of(_table(place), place.field)
    if len(columns) == 1:
        return {place.field: typed_in(noun, place.field, text)}
    return dict(zip(columns, (text, _name_of(session, scope, text)), strict=True))


def _of_custom_field(session: Session, scope: Scope, uuid: str, text: str) -> Mapping[str, object]:
    definition = session.get(CustomFieldDefinition, (scope.practice, scope.tenant_id, uuid))
    element = (definition.value_element if definition else None) or "Text"
    empty = dict.fromkeys(VALUE_COLUMNS)
    name = definition.name if definition else None
    try:
        return {**empty, "name": name, element.lower(): typed(ELEMENTS.get(element, str), text)}
    except ValueError:  # it has another type now; no value is lost over that
        return {**empty, "name": name, "text": text}


def _name_of(session: Session, scope: Scope, uuid: str | None) -> str | None:
    one = session.get(Staff, (scope.practice, scope.tenant_id, uuid)) if uuid else None
    return one.name if one else None


def _table(place: Place) -> RecordTable:
    return kinds.ALL[place.table]
