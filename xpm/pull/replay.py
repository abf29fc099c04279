"""Reading again what was set aside, by what was kept of it: after a fix of ours, without asking Xero."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from xpm.activity.log import record
from xpm.consent.access import PracticeAccess, practice_access
from xpm.entities.registry import LABELS, Entity
from xpm.entities.rows import client_row, job_row, uuid_row
from xpm.integration import Integration
from xpm.pull.intake import Intake
from xpm.pull.plans import wants_archived
from xpm.pull.reading import ToRow
from xpm.pull.run import status_of
from xpm.pull.work import Run, SyncRequest, working
from xpm.store.pull import quarantine, runs
from xpm.store.records import kinds
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.words import Message, message
from xpm.xero import endpoints
from xpm.xero.endpoints import Endpoint
from xpm.xero.pull import Pull, Sent, Tally, Unreadable, read_already
from xpm.xero.xml.record import reread


@dataclass(frozen=True)
class Kind:
    """How one kind of record is read again; what only accompanies another is not counted by the run."""

    entity: Entity
    table: RecordTable
    endpoint: Endpoint[Any]
    to_row: ToRow[Any]
    beside: bool = False


KINDS = (
    Kind(Entity.JOBS, kinds.JOBS, endpoints.JOBS, job_row),
    Kind(Entity.JOBS, kinds.JOB_CATEGORIES, endpoints.JOB_CATEGORIES, uuid_row, beside=True),
    Kind(Entity.CLIENTS, kinds.CLIENTS, endpoints.CLIENTS, client_row),
    Kind(Entity.CLIENTS, kinds.CLIENT_GROUPS, endpoints.CLIENT_GROUPS, uuid_row, beside=True),
    Kind(Entity.STAFF, kinds.STAFF, endpoints.STAFF, uuid_row),
    Kind(Entity.CUSTOM_FIELDS, kinds.CUSTOM_FIELD_DEFINITIONS, endpoints.CUSTOM_FIELD_DEFINITIONS, uuid_row),
)
"""Tax returns and values of custom fields are not among them: the next sync reads all of those again anyway. Nor is
anything of which nothing came: the next sync asks for it again."""


def replay(integration: Integration, slug: str, person: str | None = None) -> list[Message]:
    """Read again everything that is set aside, each entity under a run of its own, and tell what came of it.

    What can be read now is stored; what cannot stays aside with the reason of today.

    Raises:
        Stopped: unknown practice, no usable connection, or the entity is being synchronised.
    """
    said = []
    with practice_access(integration, slug) as access:
        for entity in Entity:
            kinds = [kind for kind in KINDS if kind.entity is entity]
            if any(of for _, of in _aside(integration, access, kinds)):
                request = SyncRequest(slug, entity, SyncMode.CHANGES, SyncTrigger.REPLAY, person)
                with working(integration, access, request) as work:
                    # a sync that ended just before may have brought newer ones than were aside until then
                    said.append(_replay(work, _aside(integration, access, kinds)))
    return said


Entries = Sequence[tuple[Kind, Sequence[Quarantine]]]


def _aside(integration: Integration, access: PracticeAccess, kinds: Sequence[Kind]) -> Entries:
    scope = Scope(access.practice.slug, access.tenant_id)
    with integration.database.read() as session:
        aside = [(kind, quarantine.unresolved(session, scope, kind.table.name)) for kind in kinds]
    return [(kind, [entry for entry in entries if entry.payload]) for kind, entries in aside]


def _replay(work: Run, entries: Entries) -> Message:
    left = sum(_read_again(work, kind, of) for kind, of in entries)
    count = sum(len(of) for _, of in entries)
    key = "quarantine.still_unreadable" if left else "quarantine.replayed"
    said = message(key, entity=work.request.entity.label, count=count, left=left)
    with work.commit() as session:
        _finish(session, work, said)
    return said


def _read_again(work: Run, kind: Kind, entries: Sequence[Quarantine]) -> int:
    """Store what can be read now, and tell how many records cannot."""
    read = [reread(kind.endpoint, entry.record_key, entry.payload) for entry in entries]
    beside = LABELS[kind.table.name] if kind.beside else None
    current_only = kind.table is kinds.CLIENTS and not wants_archived(work)
    intake = Intake[Any](work, kind.table, kind.to_row, beside=beside, current_only=current_only)

    def again(_: Tally) -> Iterator[Sent[Any]]:
        return map(read_already, read)

    intake.take(Pull(again))
    with work.commit() as session:
        for entry, one in zip(entries, read, strict=True):
            is_over = not isinstance(one, Unreadable) or one.key != entry.record_key  # then it is aside by its key now
            if entry.id is not None and is_over:
                quarantine.dismiss(session, entry.id, work.integration.clock())
    return len(intake.unreadable)


def _finish(session: Session, work: Run, said: Message) -> None:
    """End the run, which is no sync: what changed in XPM since the last one is still to be asked for."""
    now, person = work.integration.clock(), work.request.person
    run = runs.finish(session, work.run_id, status_of(said), reason_key=said.key, now=now)
    record(session, work.request.practice, said, now=now, person=person, run_id=run.id)
