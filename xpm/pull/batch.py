"""A batch: what one transaction of a pull commits, whole or not at all."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from xpm.activity.log import record
from xpm.entities.registry import KINDS
from xpm.store.pull import comparisons, finished_lists, job_checks, job_currency, quarantine, runs, unknown_elements
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.store.push import edits
from xpm.store.push.edits import Reason
from xpm.store.push.protection import tables_of
from xpm.store.records import bulk, identity, versions
from xpm.store.records.identity import Known
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.records.versions import Version
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import ArchiveReason, OwnerKind
from xpm.words import message
from xpm.xero.records import Unreadable

NAMED = 10  # new elements that Practice Activity names (the table `unknown_element` has them all), or places


class Batch(Protocol):
    """What a pull may do to FYI in one batch."""

    def known(self, table: RecordTable, keys: Collection[str]) -> Mapping[str, Version]:
        """The versions of the records that FYI has, current or archived, by key."""

    def numbered(self, table: RecordTable, numbers: Collection[str]) -> Collection[Known]:
        """The records with these numbers that FYI has, current or archived."""

    def rekey(self, table: RecordTable, uuids: Mapping[str, str]) -> Mapping[str, str]:
        """Give records that are stored by number their UUIDs as keys, and return the key that each then has."""

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Store these versions of records."""

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Archive records that XPM no longer has, clear them from quarantine, and return how many were current."""

    def archive_others(self, table: RecordTable) -> int:
        """Archive the records of the practice's former accounts, and return how many were current."""

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Quarantine unreadable records and parts with their reasons, and release what was read well this time."""

    def dismiss_earlier(self, kind: str) -> None:
        """Dismiss what earlier runs quarantined, since it did not come again."""

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """Dismiss quarantined values of records that are no longer current, since nobody asks for them again."""

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """Count elements that no model names, by path, and report those never seen before."""

    def note_replaced(self, table: RecordTable, places: Sequence[str]) -> None:
        """Report in whose text, by record and part, something was replaced that XML forbids."""

    def keep_list(self, name: str, finished: Finished) -> None:
        """Record that this run finished a list, so that a retry skips it."""

    def note_current_jobs(self, keys: Set[str]) -> None:
        """Record that XPM's list of current jobs holds exactly these."""

    def note_listed_jobs(self, keys: Collection[str], created_from: date) -> None:
        """Record that the creation window that begins on this day lists these jobs."""

    def note_verified_job(self, key: str) -> None:
        """Record that XPM has this job, as it answered when asked for this one job."""

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """Record when the custom field values of these records were compared."""

    def note(self, tally: RunCounts) -> None:
        """Add to the run's counts."""


@dataclass(frozen=True)
class StoredBatch:
    """A batch that is stored, in the transaction of `session`."""

    session: Session
    scope: Scope
    run_id: str
    now: datetime
    edits_before: int

    def known(self, table: RecordTable, keys: Collection[str]) -> Mapping[str, Version]:
        """Look the keys up in the store."""
        return versions.versions(self.session.connection(), table, self.scope, keys)

    def numbered(self, table: RecordTable, numbers: Collection[str]) -> Collection[Known]:
        """Look the numbers up in the store."""
        return identity.known_by_number(self.session.connection(), table, self.scope, numbers)

    def rekey(self, table: RecordTable, uuids: Mapping[str, str]) -> Mapping[str, str]:
        """Move everything that is stored of them."""
        identity.rekey(self.session.connection(), table, self.scope, uuids)
        return uuids

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Write these versions to the store."""
        return bulk.apply(
            self.session,
            table,
            self.scope,
            rows,
            run_id=self.run_id,
            now=self.now,
            read_after=self.edits_before,
        )

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Archive stored records as absent, and clear them from quarantine: a replay would bring them back.

        Edits of them have nowhere to go any more.
        """
        quarantine.resolve(self.session, self.scope, table.name, keys, self.now)
        for of in tables_of(table):
            edits.refuse(self.session, self.scope, of, keys, Reason("push.record_gone"), now=self.now)
        reason = ArchiveReason.ABSENT
        return bulk.archive(self.session, table, self.scope, keys, reason, run_id=self.run_id, now=self.now)

    def archive_others(self, table: RecordTable) -> int:
        """Archive the stored records of other accounts."""
        return bulk.archive_others(self.session, table, self.scope, run_id=self.run_id, now=self.now)

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Quarantine each unreadable record once, and all unreadable parts of one record together."""
        quarantine.resolve(self.session, self.scope, kind, read_well, self.now)
        keyless = {record.payload for record in unreadable if record.key is None}
        if keyless:  # only the bytes that XPM sent tell whether this is the same record
            self._dismiss(kind, lambda entry: entry.record_key is None and entry.payload in keyless)
        for one in unreadable:
            quarantine.put(
                self.session,
                self.scope,
                kind,
                record_key=one.key,
                reason=one.reason,
                payload=one.payload,
                parts=one.parts,
                run_id=self.run_id,
                now=self.now,
            )

    def dismiss_earlier(self, kind: str) -> None:
        """Dismiss the quarantine entries of other runs."""
        self._dismiss(kind, lambda entry: entry.run_id != self.run_id)

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """Dismiss the quarantine entries whose key no current record has."""
        aside = {entry.record_key or "" for entry in quarantine.unresolved(self.session, self.scope, kind)}
        stored = versions.versions(self.session.connection(), owners, self.scope, aside) if aside else {}
        current = {key for key, version in stored.items() if version.archived is None}
        self._dismiss(kind, lambda entry: entry.record_key not in current)

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """Store the new ones, with an entry in Practice Activity."""
        new = unknown_elements.note(self.session, self.scope, table, counts, run_id=self.run_id, now=self.now)
        if new:
            entry = message("sync.unknown_elements", entity=KINDS[table.name].label, elements=_first(new))
            record(self.session, self.scope.practice, entry, now=self.now, run_id=self.run_id)

    def note_replaced(self, table: RecordTable, places: Sequence[str]) -> None:
        """Write an entry in Practice Activity."""
        if places:
            entry = message(
                "sync.text_replaced", entity=KINDS[table.name].label, count=len(places), places=_first(places)
            )
            record(self.session, self.scope.practice, entry, now=self.now, run_id=self.run_id)

    def keep_list(self, name: str, finished: Finished) -> None:
        """Store the list's name and keys."""
        finished_lists.keep(self.session, runs.get(self.session, self.run_id), name, finished, self.now)

    def note_current_jobs(self, keys: Set[str]) -> None:
        """Mark these jobs as current, and no others."""
        job_currency.note(self.session, self.scope, keys)

    def note_listed_jobs(self, keys: Collection[str], created_from: date) -> None:
        """Store the window with each job."""
        job_checks.note_listed(self.session, self.scope, keys, created_from)

    def note_verified_job(self, key: str) -> None:
        """Store the time with the job."""
        job_checks.note_verified(self.session, self.scope, [key], self.now)

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """Store the time with each record."""
        comparisons.note_compared(self.session, self.scope, kind, owner_keys, at)

    def note(self, tally: RunCounts) -> None:
        """Add the counts to the run's row, in the same transaction."""
        runs.checkpoint(self.session, self.run_id, tally)

    def _dismiss(self, kind: str, is_over: Callable[[Quarantine], bool]) -> None:
        for entry in quarantine.unresolved(self.session, self.scope, kind):
            if entry.id is not None and is_over(entry):
                quarantine.dismiss(self.session, entry.id, self.now)


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
