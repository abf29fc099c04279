"""Keeps what people edited in FYI when a pull brings XPM's version of the record, field by field.

A field that waits keeps FYI's value, and XPM's is noted with the edit. Every other field of the record is updated. The
record gets the content hash of XPM's version, so that the next pull sees whether XPM changed it again.

A record whose edit ended while the pull was reading stays as it is: nobody knows whether XPM sent it before or after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from xpm.store import practices
from xpm.store.push import edits, transitions
from xpm.store.push.edits import TIME, Reason
from xpm.store.push.values import text_of
from xpm.store.records import kinds, locking, reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState

VALUES = "custom_field_value"
VALUE_COLUMNS = ("text", "date", "number", "decimal", "boolean")
"""The columns of a custom field's value, one of which is filled. A checkbox that says no is as if it were empty."""

OF_CUSTOM_FIELDS = frozenset({kinds.CLIENT_CUSTOM_FIELDS.name, kinds.JOB_CUSTOM_FIELDS.name})
EDITABLE = OF_CUSTOM_FIELDS | {kinds.CLIENTS.name, kinds.JOBS.name}
"""The kinds of records that people may edit in FYI."""


def tables_of(table: RecordTable) -> frozenset[str]:
    """The record tables of all edits that are about such a record: of itself, its custom fields and its time."""
    own = {kind.name for kind in kinds.ALL.values() if table in (kind, kind.of)}
    return frozenset(own | {TIME} if table is kinds.JOBS else own)


def keep(
    session: Session,
    table: RecordTable,
    scope: Scope,
    rows: Sequence[RecordRow],
    *,
    read_after: int | None,
    now: datetime,
) -> list[RecordRow]:
    """The rows to store instead of these, which are new versions of stored records. Locks the records.

    `read_after` is the newest transition of an edit when XPM was asked; `None` if it was asked just now.
    """
    keys = [row.key for row in rows]
    if table.name not in EDITABLE or not keys:
        return list(rows)
    locking.lock(session.connection(), table, scope, keys)
    settled = set() if read_after is None else transitions.settled_since(session, scope, table.name, keys, read_after)
    left = [row for row in rows if row.key not in settled]
    waiting = edits.open_of(session, scope, table.name, keys)
    note_xpms(session, scope, left, waiting, now)
    return protected(session, table, scope, left, waiting)


def protected(
    session: Session,
    table: RecordTable,
    scope: Scope,
    rows: Sequence[RecordRow],
    waiting: Mapping[str, Sequence[PendingEdit]],
) -> list[RecordRow]:
    """The rows with FYI's value in every field that has an open edit."""
    stored = {row.key: row for row in reads.read(session, table, scope, waiting)} if waiting else {}
    return [_protected(table, row, stored[row.key], waiting[row.key]) if row.key in stored else row for row in rows]


def note_xpms(
    session: Session,
    scope: Scope,
    rows: Sequence[RecordRow],
    waiting: Mapping[str, Sequence[PendingEdit]],
    now: datetime,
) -> None:
    """Note XPM's values with the edits that wait, and raise what both sides changed as a conflict."""
    for row in rows:
        for edit in waiting.get(row.key, ()):
            if was_read(row, edit.field):
                note(session, scope, edit, value_in(row, edit.field), now=now)


def note(session: Session, scope: Scope, edit: PendingEdit, theirs: str | None, *, now: datetime) -> EditState:
    """Note what XPM has for one open edit, and return the state that the edit has then.

    Of an edit that is being sent, only its call tells what XPM's value means.
    """
    if edit.state is EditState.SENDING:
        return edit.state
    if theirs != edits.xpms(edit):
        edits.note_theirs(session, edit, theirs, now=now)
    if theirs == edit.ours:
        edits.move(session, edit, EditState.CONFIRMED, now=now, reason=Reason("push.had_it_already"))
    elif edit.state is EditState.CONFLICT and theirs == edit.base:
        edits.move(session, edit, EditState.QUEUED, now=now)
    elif edit.state is EditState.QUEUED and theirs != edit.base and not fyi_wins(session, scope, edit.record_table):
        edits.move(session, edit, EditState.CONFLICT, now=now, reason=Reason("push.both_changed"))
    return edit.state


def value_in(row: RecordRow, field: str) -> str | None:
    """The value of a field in a row: of a column, or of the custom field with this UUID."""
    if field in row.columns:
        return text_of(row.columns[field])
    held = next((one for one in row.owned.get(VALUES, ()) if one["definition_uuid"] == field), {})
    return text_of(held_value(held))


def held_value(row: Mapping[str, object]) -> object:
    """The value of a custom field, which is in the column of its type. A checkbox that is not ticked has none."""
    return next((row[name] for name in VALUE_COLUMNS if row.get(name) not in (None, False)), None)


def was_read(row: RecordRow, field: str) -> bool:
    """Whether the row says what XPM has in this field. If it could not be read, nothing is known."""
    places = {part.place for part in row.unread if part.place != VALUES}
    unknown_values = {part.item for part in row.unread if part.place == VALUES}
    return field not in places and not unknown_values & {None, field}


def columns_of(table: RecordTable, field: str) -> tuple[str, ...]:
    """The columns that a field fills: a reference to another record also has the name."""
    name = field.removesuffix("_uuid") + "_name"
    return (field, name) if field.endswith("_uuid") and name in table.columns else (field,)


def fyi_wins(session: Session, scope: Scope, table: str) -> bool:
    """Whether FYI is the source of such a field: with *Sync Custom Fields From XPM* Off, of every custom field.

    Source: FYI's article "Resetting your connection …", step 4.
    """
    return table in OF_CUSTOM_FIELDS and not practices.settings_of(session, scope.practice).sync_custom_fields


def _protected(table: RecordTable, row: RecordRow, stored: RecordRow, waiting: Sequence[PendingEdit]) -> RecordRow:
    fields = {edit.field for edit in waiting}
    columns = [name for field in fields & table.columns for name in columns_of(table, field)]
    kept = {**row.columns, **{name: stored.columns[name] for name in columns}}
    if VALUES not in row.owned:
        return replace(row, columns=kept)
    values = [one for one in row.owned[VALUES] if one["definition_uuid"] not in fields]
    values += [one for one in stored.owned[VALUES] if one["definition_uuid"] in fields]
    return replace(
        row, columns=kept, owned={**row.owned, VALUES: sorted(values, key=lambda one: str(one["definition_uuid"]))}
    )
