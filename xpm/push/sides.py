"""Reads a record as XPM has it now, and stores it in FYI, as a sync of this one record does.

That alone settles much: what XPM has by itself is confirmed, and what both sides changed becomes a conflict
(`xpm.store.push.protection`).
"""

from dataclasses import dataclass

from sqlmodel import Session

from xpm.entities.custom_fields import VALUES, read_values
from xpm.entities.entity import ListedKind
from xpm.entities.names import Entity, Noun
from xpm.entities.registry import DEFINITIONS
from xpm.push.asks import Record
from xpm.push.pushing import Push
from xpm.store.push import edits
from xpm.store.push.protection import fyi_wins, note_xpms
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import CallPriority, OwnerKind
from xpm.xero.api import XpmApi
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import Client, Job
from xpm.xero.records import PartlyRead, Records, Unreadable

_ENTITIES = {Noun.JOB: Entity.JOBS, Noun.CLIENT: Entity.CLIENTS}
_OWNERS = {Noun.JOB: OwnerKind.JOB, Noun.CLIENT: OwnerKind.CLIENT}


@dataclass(frozen=True)
class Side:
    """A record, or its custom field values, as XPM has them."""

    entity: Entity
    table: RecordTable
    row: RecordRow


class Renumbered(Exception):
    """XPM has another job under this number than FYI means. A sync of jobs finds out which number it has now."""


def read_record(push: Push, record: Record, priority: CallPriority) -> Side:
    """Read the record itself, for one call.

    Raises:
        RecordGone: XPM does not have it.
        Renumbered: the number is another job's.
        XeroError: it could not be read.
    """
    (read,) = list(_asked(push.api(priority), record).each())
    left_out = read.left_out if isinstance(read, PartlyRead) else ()
    found = read.record if isinstance(read, PartlyRead) else read
    if isinstance(found, Unreadable):
        raise UnreadableAnswer(f"{record.noun} {record.number} could not be read: {found.reason}")
    return side_of(record, found, left_out)


def side_of(record: Record, found: Job | Client, left_out: tuple = ()) -> Side:  # type: ignore[type-arg]
    """The side that a record makes which XPM sent, asked for or as the answer to a write. Raises Renumbered."""
    kind: ListedKind = DEFINITIONS[_ENTITIES[record.noun]].main  # type: ignore[type-arg]
    row = kind.row(found, None, left_out)
    if row.key != record.key:
        raise Renumbered(record.number)
    return Side(_ENTITIES[record.noun], kind.table, row)


def read_field_values(push: Push, record: Record, priority: CallPriority) -> Side:
    """Read the values of the record's custom fields, for one call. Raises as `read_record`, except Renumbered."""
    values = VALUES[_OWNERS[record.noun]]
    records = values.in_xpm(push.api(priority), record.number if record.noun is Noun.JOB else record.key)
    found = list(records.each())
    row, _ = read_values(record.key, found, records.facts.unknown)
    return Side(Entity.CUSTOM_FIELDS, values.table, row)


def store(push: Push, session: Session, side: Side) -> None:
    """Store what was read, in the transaction of `session`.

    Where FYI's values win, they stay, as in an overnight sync: what XPM has is noted with the edits that wait.
    """
    if fyi_wins(session, push.scope, side.table.name):
        waiting = {side.row.key: edits.open_of_record(session, push.scope, side.table.name, side.row.key)}
        note_xpms(session, push.scope, [side.row], waiting, push.integration.clock())
    else:
        push.store(session, side.entity, side.table, side.row)


def _asked(api: XpmApi, record: Record) -> Records[Job] | Records[Client]:
    return api.job(record.number) if record.noun is Noun.JOB else api.client(record.key)
