"""Reads a record for somebody who may edit it: its fields, its version, and what XPM does not have yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.checking import Field, find_field
from xpm.push.directory import Directory
from xpm.push.editing import scope_of
from xpm.push.listing import why
from xpm.push.naming import CUSTOM
from xpm.push.versions import version_of
from xpm.store.push import edits
from xpm.store.push.protection import value_in
from xpm.store.records import reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState
from xpm.words import Message


@dataclass(frozen=True)
class OpenEdit:
    """An edit of a field that XPM does not have yet.

    XPM had `base` when it was made, and has `theirs` as far as FYI knows; `ours` is what was typed in FYI.
    """

    number: int
    state: EditState
    base: str | None
    ours: str | None
    theirs: str | None
    by: str
    at: datetime
    reason: Message | None
    xpms_words: str | None


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
    edit: OpenEdit | None


@dataclass(frozen=True)
class EditableRecord:
    """A record with everything that can be edited. `version` changes whenever anything of the record does."""

    noun: Noun
    key: str
    number: str
    version: str
    fields: Sequence[EditableField]

    @property
    def pending_sync(self) -> bool:
        """Whether XPM does not have all of it yet."""
        return any(field.edit for field in self.fields)


def read_record(installation: Installation, slug: str, noun: Noun, name: str) -> EditableRecord:
    """Read the current record that is meant by a number, XPM ID or a client's name.

    Raises Stopped: unknown practice, one that was never connected, or no such record.
    """
    practice = installation.practice(slug)
    with installation.database.read() as session:
        known = Directory(session, scope_of(session, practice))
        record = known.record(noun, name)
        version = version_of(session, known.scope, noun, record.key)
        return EditableRecord(noun, record.key, record.number, version, tuple(_fields(known, noun, record.key)))


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
    edits: Mapping[str, PendingEdit]

    @classmethod
    def of(cls, known: Directory, table: RecordTable, key: str) -> "_FieldSource":
        row = next(reads.read(known.session, table, known.scope, [key]), None)
        waiting = edits.open_of_record(known.session, known.scope, table.name, key)
        return cls(row, {edit.field: edit for edit in waiting})


def _field(known: Directory, name: str, field: Field, stored: _FieldSource) -> EditableField:
    value = value_in(stored.row, field.column) if stored.row else None
    edit = stored.edits.get(field.column)
    return EditableField(
        name=name,
        label=field.label,
        type=field.type,
        is_custom=field.definition is not None,
        is_needed=field.is_needed,
        options=known.states if field.type is FieldType.STATE else field.options or None,
        value=_typed(known, field, value),
        edit=_open(known, field, edit) if edit else None,
    )


def _open(known: Directory, field: Field, edit: PendingEdit) -> OpenEdit:
    return OpenEdit(
        number=edits.number_of(edit),
        state=edit.state,
        base=_typed(known, field, edit.base),
        ours=_typed(known, field, edit.ours),
        theirs=_typed(known, field, edits.xpms(edit)),
        by=edit.made_by,
        at=edit.made_at,
        reason=why(edit.reason_key),
        xpms_words=edit.reason_text,
    )


def _typed(known: Directory, field: Field, value: str | None) -> str | None:
    """The value as people type it: staff by email address, a checkbox as yes or no."""
    if value is None:
        return None
    if field.type is FieldType.STAFF:
        person = known.staff(value)
        return (person.email or person.uuid) if person else value
    return {"true": "yes", "false": "no"}.get(value, value) if field.type is FieldType.YES_NO else value
