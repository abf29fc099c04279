"""Checks what somebody asks to change, field by field, before anything is written. It makes no call to Xero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xpm.entities.names import Noun
from xpm.entities.pushed import Channel, FieldType, PushedField
from xpm.entities.registry import PUSHED
from xpm.push.asks import Ask, FieldEdit, Record, RecordEdit
from xpm.push.directory import Directory
from xpm.push.naming import CUSTOM
from xpm.push.typed import NotTaken, Typed, read
from xpm.push.versions import version_of
from xpm.store.push.edits import Place
from xpm.store.push.protection import value_in
from xpm.store.push.values import text_of
from xpm.store.records import reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.tables import CustomFieldDefinition, Staff
from xpm.words import Stopped, message, stop

_TYPES: Mapping[str, FieldType] = {
    "Decimal": FieldType.AMOUNT,
    "Number": FieldType.WHOLE_NUMBER,
    "Boolean": FieldType.YES_NO,
    "Date": FieldType.DAY,
}


class Overtaken(Stopped):
    """Somebody else changed the record after the editor saw it."""


@dataclass(frozen=True)
class Field:
    """A field of a record, whether XPM's own or the practice's."""

    label: str
    type: FieldType
    channel: Channel
    table: RecordTable
    column: str  # or the custom field's UUID
    is_needed: bool = False
    definition: CustomFieldDefinition | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The options of a custom field that is a list."""
        listed = (self.definition.options if self.definition else None) or ""
        return tuple(one.strip() for one in listed.replace("\n", ",").split(",") if one.strip())


def check(known: Directory, ask: Ask, record: Record) -> RecordEdit:
    """Check one ask about this record. Fields that already have the value are left out.

    Raises:
        Overtaken: the record has changed since the version that the editor saw.
        Stopped: there is no such field, or a field does not take its value. The message says which and why.
    """
    _require_version(known, ask, record)
    rows = {table.name: _row(known, table, record.key) for table in _tables(ask.noun)}
    fields = [(find_field(known, ask.noun, name), text) for name, text in ask.values.items()]
    checked = [_check_field(known, record, rows[field.table.name], field, text) for field, text in fields]
    return RecordEdit(record, tuple(one for one in checked if one.before != one.ours))


def find_field(known: Directory, noun: Noun, name: str) -> Field:
    """The field with this name. Raises Stopped if a record of this kind has none that people edit."""
    pushed = PUSHED[noun]
    is_custom = name.casefold().startswith(CUSTOM)
    own = None if is_custom else pushed.named(name)
    if own:
        return Field(own.label, own.type, own.channel, pushed.table, own.column, own.is_needed)
    definition = known.custom_field(noun, name[len(CUSTOM) :] if is_custom else name)
    if definition is None:
        raise stop("push.no_such_field", noun=noun.words, field=name, fields=", ".join(_names(pushed.fields)))
    label = definition.name or definition.uuid
    return Field(label, _type_of(definition), Channel.VALUES, pushed.values, definition.uuid, definition=definition)


def _tables(noun: Noun) -> tuple[RecordTable, RecordTable]:
    return PUSHED[noun].table, PUSHED[noun].values


def _names(fields: Iterable[PushedField]) -> list[str]:
    return [field.name for field in fields]


def _type_of(definition: CustomFieldDefinition) -> FieldType:
    if (definition.options or "").strip():
        return FieldType.OPTION
    return _TYPES.get(definition.value_element or "", FieldType.TEXT)


def _require_version(known: Directory, ask: Ask, record: Record) -> None:
    if ask.version is not None and ask.version != version_of(known.session, known.scope, ask.noun, record.key):
        raise Overtaken(message("push.overtaken", noun=ask.noun.words, record=record.number))


def _row(known: Directory, table: RecordTable, key: str) -> RecordRow | None:
    return next(reads.read(known.session, table, known.scope, [key]), None)


def _check_field(known: Directory, record: Record, row: RecordRow | None, field: Field, text: str) -> FieldEdit:
    place = Place(field.table.name, record.key, field.column)
    before = value_in(row, field.column) if row else None
    before_shown = known.names.value(place.table, place.field, before) or ""
    ours = before if text.strip() == before_shown else _ours(known, record, field, text)
    shown = known.names.value(place.table, place.field, ours) or ""
    return FieldEdit(place, field.label, field.channel, before, ours, before_shown, shown)


def _ours(known: Directory, record: Record, field: Field, text: str) -> str | None:
    """What FYI keeps of what was typed. Raises Stopped: the field does not take it."""
    try:
        value = _value(known, field, text)
    except NotTaken as not_taken:
        raise Stopped(not_taken.message) from None
    if value is None and field.is_needed:
        raise stop("push.needed", field=field.label)
    return value.uuid if isinstance(value, Staff) else None if value is False else text_of(value)


def _value(known: Directory, field: Field, text: str) -> Typed | Staff:
    if not text.strip():
        return None
    match field.type:
        case FieldType.STAFF:
            return _staff(known, field, text)
        case FieldType.STATE:
            return _state(known, text)
        case FieldType.OPTION:
            return _option(field, text)
        case _:
            return read(field.type, field.label, text)


def _staff(known: Directory, field: Field, text: str) -> Staff:
    person = known.staff(text)
    if person is None:
        raise NotTaken(message("push.staff_unknown", role=field.label, person=text))
    return person


def _state(known: Directory, text: str) -> str:
    state = known.state(text)
    if state is None:
        raise NotTaken(message("push.state_unknown", state=text, states=", ".join(known.states) or "none yet"))
    return state


def _option(field: Field, text: str) -> str:
    option = next((one for one in field.options if one.casefold() == text.strip().casefold()), None)
    if option is None:
        raise NotTaken(message("push.option_unknown", field=field.label, value=text, options=", ".join(field.options)))
    return option
