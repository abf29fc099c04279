"""Reads quarantined records again from their stored payloads, after a fix of ours, without asking Xero.

The registry names the kinds. Tax returns and custom field values are not among them, since the next sync reads them all
again anyway. Entries without a payload are left out as well: the next sync asks Xero for them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session

from xpm.activity.log import record
from xpm.consent.access import PracticeAccess, practice_access
from xpm.entities.entity import ListedKind
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.pull.intake import Intake
from xpm.pull.outcome import status_of
from xpm.pull.run import Run, working
from xpm.pull.work import PullRequest
from xpm.store.pull import quarantine, runs
from xpm.store.records.rows import Scope
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.words import Message, message
from xpm.xero.records import AnswerCounts, Records, Sent, Unreadable, read_already
from xpm.xero.xml.record import reread


def replay(integration: Integration, slug: str, person: str | None = None) -> list[Message]:
    """Read every quarantined record again, one run for each entity, and return each run's summary.

    Records that are readable now are stored; the others stay quarantined with today's reason.

    Raises:
        Stopped: unknown practice, no usable connection, or the entity is being synchronised.
    """
    summaries = []
    with practice_access(integration, slug) as access:
        for entity in Entity:
            kinds = DEFINITIONS[entity].listed
            if any(of for _, of in _aside(integration, access, kinds)):
                request = PullRequest(slug, entity, SyncMode.CHANGES, SyncTrigger.REPLAY, person)
                with working(integration, access, request) as work:
                    # look again under the lease: a sync that just ended may have brought newer versions
                    summaries.append(_replay(work, _aside(integration, access, kinds)))
    return summaries


Entries = Sequence[tuple[ListedKind[Any], Sequence[Quarantine]]]


def _aside(integration: Integration, access: PracticeAccess, kinds: Sequence[ListedKind[Any]]) -> Entries:
    scope = Scope(access.practice.slug, access.tenant_id)
    with integration.database.read() as session:
        aside = [(kind, quarantine.unresolved(session, scope, kind.table.name)) for kind in kinds]
    return [(kind, [entry for entry in entries if entry.payload]) for kind, entries in aside]


def _replay(work: Run, entries: Entries) -> Message:
    left = sum(_read_again(work, kind, of) for kind, of in entries)
    count = sum(len(of) for _, of in entries)
    key = "quarantine.still_unreadable" if left else "quarantine.replayed"
    summary = message(key, entity=work.request.entity.label, count=count, left=left)
    with work.commit() as session:
        _finish(session, work, summary)
    return summary


def _read_again(work: Run, kind: ListedKind[Any], entries: Sequence[Quarantine]) -> int:
    """Store the records that are readable now, and return how many are not."""
    read = [reread(kind.listed_at, entry.record_key, entry.payload) for entry in entries]
    intake = Intake[Any](work, kind, is_accompanying=kind in DEFINITIONS[work.request.entity].accompanying)

    def again(_: AnswerCounts) -> Iterator[Sent[Any]]:
        return map(read_already, read)

    intake.take(Records(again))
    with work.commit() as session:
        for entry, one in zip(entries, read, strict=True):
            # a record that now has a key is quarantined under that key instead
            is_over = not isinstance(one, Unreadable) or one.key != entry.record_key
            if entry.id is not None and is_over:
                quarantine.dismiss(session, entry.id, work.integration.clock())
    return len(intake.unreadable) + len(intake.partly_read)


def _finish(session: Session, work: Run, summary: Message) -> None:
    """End the run without a watermark: it asked XPM for nothing, so the next sync still asks for every change."""
    now, person = work.integration.clock(), work.request.person
    run = runs.finish(session, work.run_id, status_of(summary), reason_key=summary.key, now=now)
    record(session, work.request.practice, summary, now=now, person=person, run_id=run.id)
