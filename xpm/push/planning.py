"""Says which calls edits would take, with their bodies, before anything is written or sent.

The bodies are made from what FYI has. When an edit is sent, they are made from what XPM has then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.pushed import Channel
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.asks import RecordEdit
from xpm.push.bodies import body_of
from xpm.push.editing import scope_of
from xpm.store.records import reads
from xpm.store.records.rows import Scope


@dataclass(frozen=True)
class PlannedCall:
    """A call that would write to XPM. `path` is relative to the API's base address."""

    noun: Noun
    record: str
    endpoint: str
    method: str
    path: str
    body: str


def planned_calls(installation: Installation, slug: str, edits: Sequence[RecordEdit]) -> list[PlannedCall]:
    """The calls that would write these edits. Each record is also read, and read back where XPM does not answer it."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        scope = scope_of(session, practice)
        return [call for edit in edits for call in _of_record(session, scope, edit)]


def _of_record(session: Session, scope: Scope, edit: RecordEdit) -> Iterator[PlannedCall]:
    record = edit.record
    stored = next(reads.read(session, PUSHED[record.noun].table, scope, [record.key]))
    for channel in Channel:
        if wanted := {change.place.field: change.ours for change in edit.changes if change.channel is channel}:
            write = body_of(session, scope, record, channel, wanted=wanted, theirs=stored)
            path = write.endpoint.path.format(key=write.key)
            yield PlannedCall(
                record.noun, record.number, write.endpoint.label, write.endpoint.method, path, write.body.decode()
            )
