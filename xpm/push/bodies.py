"""Makes the call that brings a record's edits to XPM, from the record as XPM has it and the edits.

XPM may clear what an update leaves out, so an update of details names every field: the edited ones with FYI's values,
the others with XPM's.
"""

from collections.abc import Iterable, Mapping

from sqlmodel import Session
from sqlmodel import select as select_rows

from xpm.entities.names import Noun
from xpm.entities.pushed import Channel
from xpm.push import categories
from xpm.push.asks import Record
from xpm.push.codes import code_of
from xpm.push.placing import ELEMENTS, typed, typed_in
from xpm.push.unsendable import Unsendable
from xpm.store.push.protection import was_read
from xpm.store.records import kinds
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import CustomFieldDefinition
from xpm.xero import writes
from xpm.xero.writes import Assignment, FieldValue, JobDetails, Write

JOB_DETAILS = ("name", "description", "start_date", "due_date", "client_order_number", "budget")
"""What an update of a job names, besides its category."""


def body_of(
    session: Session,
    scope: Scope,
    record: Record,
    channel: Channel,
    *,
    wanted: Mapping[str, str | None],
    theirs: RecordRow,
) -> Write:
    """The call that gives the `wanted` fields of one channel their values. `theirs` is the record as XPM has it.

    Raises Unsendable if the call would empty something in XPM, and ValueError if no call can carry a value.
    """
    match channel:
        case Channel.VALUES:
            return _values(session, scope, record, wanted)
        case Channel.STATE:
            uuid = theirs.columns["uuid"]
            return writes.job_state(record.number, _text(uuid), code_of(session, scope, wanted["state"] or ""))
        case Channel.ASSIGNMENT:
            return writes.job_assign(
                record.number,
                _text(theirs.columns["uuid"]),
                manager=_assignment(wanted, "manager_uuid"),
                partner=_assignment(wanted, "partner_uuid"),
            )
    _require_read(theirs, (*JOB_DETAILS, "type") if record.noun is Noun.JOB else writes.CLIENT_FIELDS)
    ours = {name: typed_in(record.noun, name, text) for name, text in wanted.items()}
    columns = {**theirs.columns, **ours}
    return _job(session, scope, record, columns) if record.noun is Noun.JOB else _client(record, columns)


def _require_read(theirs: RecordRow, named: Iterable[str]) -> None:
    """Raise Unsendable if the update names a field of XPM's of which FYI only knows that it could not be read."""
    if unread := sorted(name for name in named if not was_read(theirs, name)):
        raise Unsendable("push.part_unread", ", ".join(unread))


def _job(session: Session, scope: Scope, record: Record, columns: Mapping[str, object]) -> Write:
    category = categories.uuid_of(session, scope, _text(columns["type"]))
    return writes.job_update(
        JobDetails(number=record.number, category_uuid=category, **{name: columns[name] for name in JOB_DETAILS})  # type: ignore[arg-type]
    )


def _client(record: Record, columns: Mapping[str, object]) -> Write:
    return writes.client_update(record.key, {name: columns[name] for name in writes.CLIENT_FIELDS})  # type: ignore[misc]


def _values(session: Session, scope: Scope, record: Record, wanted: Mapping[str, str | None]) -> Write:
    definitions = kinds.CUSTOM_FIELD_DEFINITIONS.table.c
    found = select_rows(CustomFieldDefinition).where(
        in_scope(kinds.CUSTOM_FIELD_DEFINITIONS, scope), definitions.uuid.in_(wanted)
    )
    elements = {one.uuid: one.value_element or "Text" for one in session.exec(found)}
    if gone := wanted.keys() - elements.keys():
        raise ValueError(f"{len(gone)} custom fields are not known any more")
    values = [
        FieldValue(uuid, elements[uuid], typed(ELEMENTS.get(elements[uuid], str), text))
        for uuid, text in sorted(wanted.items())
    ]
    return writes.field_values("job" if record.noun is Noun.JOB else "client", _name(record), values)


def _name(record: Record) -> str:
    """What XPM's addresses call it."""
    return record.number if record.noun is Noun.JOB else record.key


def _assignment(wanted: Mapping[str, str | None], column: str) -> Assignment:
    if column not in wanted:
        return Assignment.LEAVE
    uuid = wanted[column]
    return Assignment.to(uuid) if uuid else Assignment.REMOVE


def _text(value: object) -> str | None:
    return None if value is None else str(value)
