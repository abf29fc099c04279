"""Stores the records of one table, batch by batch, and archives those that XPM no longer has."""

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import Generic, Literal, TypeVar

from xpm.entities.entity import ListedKind, is_drop, tolerated
from xpm.pull.arriving import Arrived, Arriving, NamedList, TakenList
from xpm.pull.batch import Batch
from xpm.pull.findings import Chosen, Grounds, Suspicion, Verified
from xpm.pull.identity import identified
from xpm.pull.repeated import without_different
from xpm.pull.work import Work
from xpm.store.pull import runs
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.store.push import edits
from xpm.store.push.protection import tables_of
from xpm.store.records import bulk, reads
from xpm.store.records.rows import Applied, RecordRow
from xpm.store.vocabulary import GONE, ArchiveReason
from xpm.xero.errors import XeroError
from xpm.xero.models import XpmRecord
from xpm.xero.records import Records, Unreadable

M = TypeVar("M", bound=XpmRecord)

LISTED = frozenset(ArchiveReason) - GONE
"""The reasons of archived records that XPM lists with a flag."""


class Intake(Generic[M]):
    """Stores the records of one table as they arrive. `seen` holds every key that XPM sent, readable or not.

    `is_accompanying`: the records only accompany the entity's own, so the run does not count them. If the practice does
    not want archived records, those that XPM calls archived or deleted are stored only if FYI already has them;
    `left_out` counts the others.
    """

    def __init__(
        self,
        work: Work,
        kind: ListedKind[M],
        *,
        is_accompanying: bool = False,
    ) -> None:
        self._work = work
        self._is_accompanying = is_accompanying
        self.kind = kind
        self.table = kind.table
        self._current_only = kind.archived_on_request and not work.wants_archived()
        self.left_out = 0
        self._waiting = 0
        self.seen: set[str] = set()
        self._rekeyed: dict[str, str] = {}  # records that this run stored by number before XPM gave their UUIDs
        self._unreadable: dict[str, Unreadable] = {}  # by key, or by payload without a key, since lists overlap
        self.partly_read: set[str] = set()  # keys of records that were stored without a part
        self.server_time: datetime | None = None
        self.complete = False
        self.suspicion: Suspicion | None = None
        self.partly_verified: Verified | None = None
        self.chosen: Chosen | None = None  # None if all records are meant
        self.not_covered: tuple[str, ...] = ()  # labels of what belongs to the entity and the app has no scope for

    @property
    def unreadable(self) -> list[Unreadable]:
        """Each unreadable record once."""
        return list(self._unreadable.values())

    def keys_unread(self) -> set[str]:
        """The keys of the unreadable records that have one."""
        return {record.key for record in self.unreadable if record.key is not None}

    def keys_now(self, keys: Set[str]) -> Set[str]:
        """The keys that these records of this run have now."""
        return {self._rekeyed.get(key, key) for key in keys}

    def source_count(self) -> int:
        """How many records XPM has, readable or not. Call it after complete lists."""
        return len(self.seen) + sum(record.key is None for record in self.unreadable)

    def known_count(self) -> int | None:
        """How many records XPM has, plus those from another account that wait to be asked for.

        `None` if the run did not see everything.
        """
        return self.source_count() + self._waiting if self.complete else None

    def take(self, records: Records[M], name: str = "") -> Set[str]:
        """Store every record of one list and return their keys. `name` and errors are as for `take_each`."""
        (keys,) = self.take_each([NamedList(name, records)])
        return keys

    def take_each(self, lists: Iterable[NamedList[M]]) -> Generator[Set[str], None, None]:
        """Store every record of several lists, and yield each list's keys once it is stored.

        The next list has begun by then, so close the generator if you leave it early. On retry, named lists that the
        earlier run finished are skipped; a list with an unreadable record is read again, so that this run reports it.

        Raises:
            XeroError: a list was cut short. Its earlier batches are stored; they do not prove that any record is gone.
        """
        arriving = Arriving(self._work, self.kind)
        with closing(arriving.batches(lists)) as batches:
            for batch in batches:
                with self._counting(arriving.begun_since(batch)):
                    if not batch.is_end:
                        self._store(batch)
                        continue
                    finished = self._end(batch.of)
                yield finished.keys

    def take_all(self, records: Records[M], *, resumable: bool = True) -> None:
        """Store a list that holds everything XPM has, and archive the records it lacks.

        `resumable`: a retry may skip the list if the earlier run finished it.

        Raises:
            XeroError: as in `take`; nothing is archived then.
        """
        name = f"{self.table.name}{', current' if self._current_only else ''}"
        self.take(records, name if resumable else "")
        vanished = self._unseen(LISTED)  # they are archived already, so only the reason changes
        if self.archive_gone(self.missing(), vanished):
            self.note_gone(vanished)
        self.conclude()

    def missing(self) -> list[str]:
        """The keys of current stored records that no list had."""
        with self._work.integration.database.read() as session:
            return [key for key in bulk.active_keys(session, self.table, self._work.scope) if key not in self.seen]

    def from_other_account(self) -> set[str]:
        """The keys of records of this account that were archived when the practice moved to another, and no list had.

        The practice has since moved back, so only XPM can tell whether it still has them.
        """
        return self._unseen({ArchiveReason.OTHER_ACCOUNT})

    def _unseen(self, reasons: Collection[ArchiveReason]) -> set[str]:
        """The keys of stored records that are archived for one of these reasons and that no list had."""
        with self._work.integration.database.read() as session:
            return bulk.keys_archived(session, self.table, self._work.scope, reasons) - self.seen

    def note_gone(self, archived: Collection[str]) -> None:
        """Record that XPM no longer has these archived records. They stay archived."""
        with self._work.integration.database.read() as session:
            stored = reads.read(session, self.table, self._work.scope, archived)
            rows = [replace(row, archived=ArchiveReason.ABSENT) for row in stored]
        if rows:
            with self._work.batch() as batch:
                batch.note(RunCounts(**asdict(batch.apply(self.table, rows))))

    def archive_gone(self, gone: Collection[str], archived: Collection[str] = ()) -> bool:
        """Archive stored records that XPM does not have. Returns whether they may be taken as gone.

        `archived` are records that XPM called archived or deleted before, and does not have either. Refused if too many
        are missing and no person confirmed that many, or if a record's key was unreadable: that record may be one of
        the missing. Records with edits that XPM does not have yet stay, and the run says so.
        """
        if len(gone) > self.may_be_missing() or len(archived) > self._archived_may_be_missing():
            return self.suspect([*gone, *archived])
        are_gone = not gone or all(record.key is not None for record in self.unreadable)
        if are_gone:
            edited = self._edited(gone)
            self._archive([key for key in gone if key not in edited])
            if edited:
                self._doubt(Grounds.EDITED, edited, self._work.count_present(self.table))
        return are_gone

    def _edited(self, gone: Collection[str]) -> Collection[str]:
        """Those that people edited in FYI. They are archived only once a person has confirmed that they are gone."""
        if not gone or self._work.request.confirm_missing:
            return ()
        with self._work.integration.database.read() as session:
            waiting = (edits.open_of(session, self._work.scope, of, gone) for of in tables_of(self.table))
            return set().union(*waiting)

    def may_be_missing(self) -> int:
        """How many stored records may be taken as gone: as many as this kind's list allows, or a person confirmed.

        None without a confirmation if another person has reconnected since FYI last agreed with XPM.
        """
        return self._confirmed_or(self.kind.tolerates(self._work.count_present(self.table)))

    def _archived_may_be_missing(self) -> int:
        with self._work.integration.database.read() as session:
            return self._confirmed_or(tolerated(len(bulk.keys_archived(session, self.table, self._work.scope, LISTED))))

    def _confirmed_or(self, tolerated: int) -> int:
        return max(0 if self._work.is_new_login() else tolerated, self._work.request.confirm_missing)

    def set_aside(self, by_key: Mapping[str, Unreadable]) -> None:
        """Quarantine records that were asked for one by one and could not be read. They count as seen."""
        if by_key:
            with self._work.batch() as batch:
                batch.set_aside(self.table.name, by_key.values(), [])
                batch.note(RunCounts(quarantined=len(by_key)))
        self._unreadable |= by_key
        self.seen.update(by_key)  # in place; `|=` with a view of keys would copy the whole set

    def presume(self, keys: Set[str], from_other_account: Set[str], verified: Verified) -> None:
        """Count records as seen that no list has and that this run does not ask for; `partly_verified` reports it.

        Records from another account are archived already. They only wait for their turn.
        """
        self.seen |= keys - from_other_account
        self._waiting = len(keys & from_other_account)
        self.partly_verified = verified

    def suspect(self, missing: Collection[str]) -> Literal[False]:
        """Record that Xero cannot have sent everything. Always false: nothing may be taken as gone."""
        self._doubt(
            Grounds.NEW_LOGIN if self._work.is_new_login() else Grounds.TOO_MANY,
            missing,
            self._work.count_present(self.table),
        )
        return False

    def conclude(self) -> None:
        """Mark the intake as complete, dismiss what earlier runs quarantined, and archive other accounts' records.

        What earlier runs quarantined and did not come again is either gone or readable now. An administrator moved the
        practice to this account, so its records of other accounts are no longer current, unless XPM sent so few that
        it may not have sent everything.
        """
        self.complete = True
        if self.suspicion is None:
            self._compare_with_former_accounts()
        if self.suspicion is None:
            with self._work.batch() as batch:
                batch.dismiss_earlier(self.table.name)
                count = batch.archive_others(self.table)
                batch.note(RunCounts(archived=0 if self._is_accompanying else count))

    def _compare_with_former_accounts(self) -> None:
        """Doubt the first list after a move if it has far fewer records than were current, and nobody confirmed it.

        What an account had when it was last synchronised tells more than what another one had.
        """
        scope, entity = self._work.scope, self._work.request.entity
        with self._work.integration.database.read() as session:
            former = bulk.keys_of_others(session, self.table, scope)
            if not former:
                return
            before = None if self._is_accompanying else runs.last_count(session, scope, entity)
        listed, had = (self.known_count() or 0) + self.left_out, len(former)
        usual = had if before is None else before
        if is_drop(usual, listed, self.kind.tolerates(usual)) and had > self._work.request.confirm_missing:
            self._doubt(Grounds.FEW_AFTER_MOVE, former, had)

    def _doubt(self, grounds: Grounds, missing: Collection[str], stored: int) -> None:
        self.suspicion = Suspicion(self.kind.label, len(missing), stored, grounds, self.table.name, missing)

    def _archive(self, keys: Collection[str]) -> None:
        if not keys:
            return
        with self._work.batch() as batch:
            count = batch.archive(self.table, keys)
            batch.note(RunCounts(archived=0 if self._is_accompanying else count))

    @contextmanager
    def _counting(self, lists: Collection[TakenList[M]]) -> Iterator[None]:
        """If a list is cut short, count the calls and bytes of all lists begun: they were spent, too."""
        try:
            yield
        except XeroError:
            with self._work.batch() as batch:
                for taken in lists:
                    batch.note(taken.cost)
            raise

    def _store(self, arrived: Arrived[M]) -> None:
        taken, same, sent = arrived.of, arrived.same, arrived.reading.result()
        with self._work.batch() as batch:
            identifiable, rekeyed = identified(batch, self.table, sent)
            doubted = taken.keys.intersection(self._unreadable)
            read = without_different(batch, self.table, identifiable, taken.keys, doubted)
            read_well = [*(same - doubted), *(row.key for row in read.rows)]
            rows = self._wanted(batch, read.rows)
            applied = self._apply(batch, rows) + Applied(unchanged=len(same - self.seen))
            partly = {row.key: read.partly[row.key] for row in rows if row.key in read.partly}
            batch.set_aside(self.table.name, [*read.unreadable.values(), *partly.values()], read_well)
            counted = Applied() if self._is_accompanying else applied
            new = read.unreadable.keys() - self._unreadable.keys()
            newly_partly = len(partly.keys() - self.partly_read)
            batch.note(RunCounts(**asdict(counted), quarantined=len(new), partly_read=newly_partly))
        self._rekeyed |= rekeyed
        self.seen -= rekeyed.keys()
        keys = same | {row.key for row in rows}
        keys |= {record.key for record in read.unreadable.values() if record.key is not None}
        taken.keys |= keys
        taken.left_out += len(read.rows) - len(rows)
        taken.unknown.update(read.unknown)
        taken.replaced += read.replaced
        taken.all_readable = taken.all_readable and not read.unreadable and not partly
        self._unreadable |= read.unreadable
        self.partly_read |= partly.keys()
        self.seen |= keys

    def _end(self, taken: TakenList[M]) -> Finished:
        """What a list held, once all of it is stored. Raises the XeroError that cut it short."""
        if taken.error:
            raise taken.error
        finished = taken.finished or self._finished(taken)
        self.seen |= finished.keys
        self.server_time = self.server_time or finished.server_time
        self.left_out += finished.left_out
        return finished

    def _finished(self, taken: TakenList[M]) -> Finished:
        facts = taken.asked.records.facts
        finished = Finished(taken.keys, facts.server_time, taken.left_out)
        with self._work.batch() as batch:
            batch.note(taken.cost)
            batch.note_unknown(self.table, taken.unknown + Counter(facts.unknown))
            batch.note_replaced(self.table, taken.replaced)
            if taken.asked.name and taken.all_readable:
                batch.keep_list(taken.asked.name, finished)
        return finished

    def _wanted(self, batch: Batch, rows: list[RecordRow]) -> list[RecordRow]:
        archived = [row.key for row in rows if row.archived] if self._current_only else []
        if not archived:
            return rows
        unwanted = set(archived).difference(batch.known(self.table, archived))
        return [row for row in rows if row.key not in unwanted]

    def _apply(self, batch: Batch, rows: Sequence[RecordRow]) -> Applied:
        """Store the rows. A record that an earlier list of this run had counts again only if it has changed since."""
        first = [row for row in rows if row.key not in self.seen]
        again = [row for row in rows if row.key in self.seen]
        return batch.apply(self.table, first) + replace(batch.apply(self.table, again), unchanged=0)
