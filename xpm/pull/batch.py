"""One step of a sync: what holds as a whole or not at all."""

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
from xpm.store.records import bulk, versions
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import ArchiveReason, OwnerKind
from xpm.words import message
from xpm.xero.records import Unreadable

NAMED_ELEMENTS = 10  # of those that are new; the table `unknown_element` has all


class Batch(Protocol):
    """What a sync may do to FYI in one step."""

    def known(self, table: RecordTable, keys: Collection[str]) -> Collection[str]:
        """Those of these records that FYI has, archived ones too."""

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Bring records to these versions."""

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Archive records that XPM no longer has, and tell how many were current; nothing of them stays aside."""

    def archive_others(self, table: RecordTable) -> int:
        """Archive what the practice has of XPM practices it was connected to before, and tell how many were current."""

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Keep what could not be read, with its reason; what was read well this time leaves the quarantine."""

    def dismiss_earlier(self, kind: str) -> None:
        """Let what earlier runs set aside leave the quarantine: it did not come again."""

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """Let what is aside of records that are no longer current leave the quarantine: nobody asks for it again."""

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """Note elements that no model names, by path; what was never seen before is told."""

    def keep_list(self, name: str, finished: Finished) -> None:
        """Keep that a list was read to its end, for a retry of this run."""

    def note_current_jobs(self, numbers: Set[str]) -> None:
        """Note that these jobs are in XPM's list of current ones, and no others."""

    def note_listed_jobs(self, numbers: Collection[str], created_from: date) -> None:
        """Note that the list of a window of creation that begins on that day has these jobs."""

    def note_verified_job(self, number: str) -> None:
        """Note that XPM was asked for this job alone and has it."""

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """Note that the custom field values of these records were compared."""

    def note(self, tally: RunCounts) -> None:
        """Add to the run's counts."""


@dataclass(frozen=True)
class StoredBatch:
    """A step that is carried out, in the transaction of `session`."""

    session: Session
    scope: Scope
    run_id: str
    now: datetime

    def known(self, table: RecordTable, keys: Collection[str]) -> Collection[str]:
        """Look them up."""
        return versions.versions(self.session.connection(), table, self.scope, keys)

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Bring the stored records to these versions."""
        return bulk.apply(self.session, table, self.scope, rows, run_id=self.run_id, now=self.now)

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Archive stored records as absent; what was kept aside of them would bring them back."""
        quarantine.resolve(self.session, self.scope, table.name, keys, self.now)
        reason = ArchiveReason.ABSENT
        return bulk.archive(self.session, table, self.scope, keys, reason, run_id=self.run_id, now=self.now)

    def archive_others(self, table: RecordTable) -> int:
        """Archive stored records of other XPM practices."""
        return bulk.archive_others(self.session, table, self.scope, run_id=self.run_id, now=self.now)

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Put into quarantine what could not be read, each once."""
        quarantine.resolve(self.session, self.scope, kind, read_well, self.now)
        keyless = {record.payload for record in unreadable if record.key is None}
        if keyless:  # known again by nothing but what XPM sent
            self._dismiss(kind, lambda entry: entry.record_key is None and entry.payload in keyless)
        for one in unreadable:
            quarantine.put(
                self.session,
                self.scope,
                kind,
                record_key=one.key,
                reason=one.reason,
                payload=one.payload,
                run_id=self.run_id,
                now=self.now,
            )

    def dismiss_earlier(self, kind: str) -> None:
        """Dismiss the entries of other runs."""
        self._dismiss(kind, lambda entry: entry.run_id != self.run_id)

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """Dismiss the entries whose key is that of no current record."""
        aside = {entry.record_key or "" for entry in quarantine.unresolved(self.session, self.scope, kind)}
        stored = versions.versions(self.session.connection(), owners, self.scope, aside) if aside else {}
        current = {key for key, version in stored.items() if version.archived is None}
        self._dismiss(kind, lambda entry: entry.record_key not in current)

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """Keep what is new of them, with its entry in Practice Activity."""
        new = unknown_elements.note(self.session, self.scope, table, counts, run_id=self.run_id, now=self.now)
        if new:
            named = ", ".join(new[:NAMED_ELEMENTS]) + (" …" if len(new) > NAMED_ELEMENTS else "")
            said = message("sync.unknown_elements", entity=KINDS[table.name].label, elements=named)
            record(self.session, self.scope.practice, said, now=self.now, run_id=self.run_id)

    def keep_list(self, name: str, finished: Finished) -> None:
        """Write it down with its keys."""
        finished_lists.keep(self.session, runs.get(self.session, self.run_id), name, finished, self.now)

    def note_current_jobs(self, numbers: Set[str]) -> None:
        """Mark these jobs."""
        job_currency.note(self.session, self.scope, numbers)

    def note_listed_jobs(self, numbers: Collection[str], created_from: date) -> None:
        """Write the window down."""
        job_checks.note_listed(self.session, self.scope, numbers, created_from)

    def note_verified_job(self, number: str) -> None:
        """Write the time down."""
        job_checks.note_verified(self.session, self.scope, [number], self.now)

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """Write the time down."""
        comparisons.note_compared(self.session, self.scope, kind, owner_keys, at)

    def note(self, tally: RunCounts) -> None:
        """Add to the run's row what this transaction did."""
        runs.checkpoint(self.session, self.run_id, tally)

    def _dismiss(self, kind: str, is_over: Callable[[Quarantine], bool]) -> None:
        for entry in quarantine.unresolved(self.session, self.scope, kind):
            if entry.id is not None and is_over(entry):
                quarantine.dismiss(self.session, entry.id, self.now)
