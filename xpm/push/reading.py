"""Reads a record for somebody who may edit it: its fields, its version, and what XPM does not have yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.asks import Record
from xpm.push.checking import Field, find_field
from xpm.push.directory import Directory
from xpm.push.editing import scope_of
from xpm.push.listing import ListedEdit, described
from xpm.push.naming import CUSTOM
from xpm.push.versions import version_of
from xpm.store.push import edits
from xpm.store.push.protection import tables_of, value_in
from xpm.store.records import reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow


@dataclass(frozen=True)
class EditableField:
    """A field, its value as people type it, and the open edit of it if there is one.

    `name` is what edits call it; `options` are all that a field takes which takes nothing else.
    """

    name: str
    label: str
    type: FieldType
    is_custom: bool
    is_needed: bool
    options: Sequence[str] | None
    value: str | None
    edit: ListedEdit | None


@dataclass(frozen=True)
class EditableRecord:
    """A record with everything that can be edited. `version` changes whenever anything of the record does.

    `pending_sync`: whether XPM does not have all of it yet, its time included.
    """

    record: Record
    version: str
    pending_sync: bool
    fields: Sequence[EditableField]


def read_record(installation: Installation, slug: str, noun: Noun, name: str) -> EditableRecord:
    """Read the current record that is meant by a number, XPM ID or a client's name.

    Raises Stopped: unknown practice, one that was never connected, or no such record.
    """
    practice = installation.practice(slug)
    with installation.database.read() as session:
        known = Directory(session, scope_of(session, practice))
        record = known.record(noun, name)
        version = version_of(session, known.scope, noun, record.key)
        tables = tables_of(PUSHED[noun].table)
        is_pending = bool(edits.keys_with_open(session, known.scope, tables, [record.key]))
        return EditableRecord(record, version, is_pending, tuple(_fields(known, noun, record.key)))


def _fields(known: Directory, noun: Noun, key: str) -> Iterator[EditableField]:
    pushed = PUSHED[noun]
    own, values = _FieldSource.of(known, pushed.table, key), _FieldSource.of(known, pushed.values, key)
    for one in pushed.fields:
        yield _field(known, one.name, find_field(known, noun, one.name), own)
    for definition in known.custom_fields(noun):
        name = f"{CUSTOM}{definition.uuid}"
        yield _field(known, name, find_field(known, noun, name), values)


@dataclass(frozen=True)
class _FieldSource:
    row: RecordRow | None
    edits: Mapping[str, ListedEdit]

    @classmethod
    def of(cls, known: Directory, table: RecordTable, key: str) -> "_FieldSource":
        row = next(reads.read(known.session, table, known.scope, [key]), None)
        waiting = edits.open_of_record(known.session, known.scope, table.name, key)
        return cls(row, dict(zip((edit.field for edit in waiting), described(known.session, waiting), strict=True)))


def _field(known: Directory, name: str, field: Field, stored: _FieldSource) -> EditableField:
    value = value_in(stored.row, field.column) if stored.row else None
    return EditableField(
        name=name,
        label=field.label,
        type=field.type,
        is_custom=field.definition is not None,
        is_needed=field.is_needed,
        options=known.states if field.type is FieldType.STATE else field.options or None,
        value=known.names.value(field.table.name, field.column, value),
        edit=stored.edits.get(field.column),
    )
