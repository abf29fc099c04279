"""Takes the records of one table in, batch by batch, and archives those that XPM no longer has."""

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Generic, Literal, TypeVar

from xpm.entities.entity import ListedKind
from xpm.pull.arriving import Arrived, Arriving, NamedList, TakenList
from xpm.pull.batch import Batch
from xpm.pull.work import Work
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.store.records import bulk, reads
from xpm.store.records.rows import Applied, RecordRow
from xpm.store.vocabulary import GONE, ArchiveReason
from xpm.xero.errors import XeroError
from xpm.xero.models import XpmRecord
from xpm.xero.records import Records, Unreadable

M = TypeVar("M", bound=XpmRecord)

MISSING_TOLERATED = 20  # records; and
SHARE_TOLERATED = 0.02  # of those stored: beyond both, absence is more likely Xero's mistake than the practice's doing
EMPTY_TOLERATED = 2  # records that an empty list may archive


@dataclass(frozen=True)
class Verified:
    """How many of the jobs that no list has were asked for; the longest unverified of the rest has been so `since`."""

    done: int
    of: int
    since: datetime


@dataclass(frozen=True)
class Suspicion:
    """Why nothing was archived: so many of the stored records were missing. `what` an administrator calls them."""

    what: str
    missing: int
    stored: int


class Intake(Generic[M]):
    """The records of one table as they arrive. `seen` are the keys that XPM has, whether they could be read or not.

    `is_beside`: they only accompany the entity's own records, and the run does not count them. Where the practice does
    not want archived records, what XPM calls archived or deleted stays away unless FYI has it; `left_out` counts it.
    """

    def __init__(
        self,
        work: Work,
        kind: ListedKind[M],
        *,
        is_beside: bool = False,
    ) -> None:
        self._work = work
        self._beside = is_beside
        self.kind = kind
        self.table = kind.table
        self._current_only = kind.archived_on_request and not work.wants_archived()
        self.left_out = 0
        self._waiting = 0
        self.seen: set[str] = set()
        self._unreadable: dict[str, Unreadable] = {}  # by key or, without one, by payload: lists overlap
        self.server_time: datetime | None = None
        self.complete = False
        self.suspicion: Suspicion | None = None
        self.partly: Verified | None = None

    @property
    def unreadable(self) -> list[Unreadable]:
        """The records that could not be read, each once."""
        return list(self._unreadable.values())

    def keys_unread(self) -> set[str]:
        """The keys of the records that could not be read, as far as they have any."""
        return {record.key for record in self.unreadable if record.key is not None}

    def source_count(self) -> int:
        """How many records XPM has, readable or not, after complete lists."""
        return len(self.seen) + sum(record.key is None for record in self.unreadable)

    def known_count(self) -> int | None:
        """How many records XPM has or, left behind and not asked for yet, may have; `None` if not all was seen."""
        return self.source_count() + self._waiting if self.complete else None

    def take(self, records: Records[M], name: str = "") -> Set[str]:
        """Store every record of one list and give their keys. Name and errors are as in `take_each`."""
        (keys,) = self.take_each([NamedList(name, records)])
        return keys

    def take_each(self, lists: Iterable[NamedList[M]]) -> Generator[Set[str], None, None]:
        """Store every record of some lists, and give the keys of each list once it is stored. The next one is begun by
        then, so close this if you leave it before its end.

        A list with a name that the run which this one retries has read to its end is not read again. One of which
        something could not be read always is: that has to be said by the run that ends.

        Raises:
            XeroError: a list broke off; the batches before are stored, and prove nothing about what is absent.
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
        """Store a list that is the whole of XPM's side, and archive what it does not have.

        `resumable`: it may be taken as read by a retry.

        Raises:
            XeroError: as `take` does; then nothing is archived.
        """
        name = f"{self.table.name}{', current' if self._current_only else ''}"
        self.take(records, name if resumable else "")
        vanished = self._unseen(set(ArchiveReason) - GONE)  # XPM itself called them archived or deleted
        if self.archive_gone([*self.missing(), *vanished]):
            self.note_gone(vanished)
        self.conclude()

    def missing(self) -> list[str]:
        """Keys of stored records that are current and were in none of the lists."""
        with self._work.integration.database.read() as session:
            return [key for key in bulk.active_keys(session, self.table, self._work.scope) if key not in self.seen]

    def left_behind(self) -> set[str]:
        """Keys of stored records that were in none of the lists and are archived for another XPM practice.

        Since then the practice was connected to this one again: nobody knows whether XPM has them.
        """
        return self._unseen({ArchiveReason.OTHER_ACCOUNT})

    def _unseen(self, reasons: Collection[ArchiveReason]) -> set[str]:
        """Keys of stored records that are archived for one of these reasons and were in none of the lists."""
        with self._work.integration.database.read() as session:
            return bulk.keys_archived(session, self.table, self._work.scope, reasons) - self.seen

    def note_gone(self, archived: Collection[str]) -> None:
        """Note that XPM does not have these records, which are archived already and stay so."""
        with self._work.integration.database.read() as session:
            stored = reads.read(session, self.table, self._work.scope, archived)
            rows = [replace(row, archived=ArchiveReason.ABSENT) for row in stored]
        if rows:
            with self._work.batch() as batch:
                batch.note(RunCounts(**asdict(batch.apply(self.table, rows))))

    def archive_gone(self, gone: Collection[str]) -> bool:
        """Archive stored records that XPM does not have, unless that is hard to believe; tell whether it was believed.

        It is when so many are gone that Xero's mistake is more likely than the practice's doing, unless a person
        confirmed so many; and when the key of a record could not be read: any of those gone may be that one.
        """
        stored = self._work.count_active(self.table)
        tolerated = max(MISSING_TOLERATED, SHARE_TOLERATED * stored) if self.seen else EMPTY_TOLERATED
        if len(gone) > max(tolerated, self._work.request.confirm_missing):
            return self.suspect(len(gone))
        believed = not gone or all(record.key is not None for record in self.unreadable)
        if believed:
            self._archive(gone)
        return believed

    def set_aside(self, by_key: Mapping[str, Unreadable]) -> None:
        """Keep records aside that were asked for alone and could not be read; they count as seen."""
        if by_key:
            with self._work.batch() as batch:
                batch.set_aside(self.table.name, by_key.values(), [])
                batch.note(RunCounts(quarantined=len(by_key)))
        self._unreadable |= by_key
        self.seen.update(by_key)  # in place; `|=` with a view of keys would copy all that was seen

    def presume(self, keys: Set[str], left_behind: Set[str], verified: Verified) -> None:
        """Count these as seen although no list has them and this run does not ask for them: `partly` says so.

        Those left behind are not counted as seen: they are archived, and wait for their turn.
        """
        self.seen |= keys - left_behind
        self._waiting = len(keys & left_behind)
        self.partly = verified

    def suspect(self, missing: int) -> Literal[False]:
        """Note that what Xero sent cannot be all there is, and do not believe it."""
        self.suspicion = Suspicion(self.kind.label, missing, self._work.count_active(self.table))
        return False

    def conclude(self) -> None:
        """Note that all of Xero's side was seen: what earlier runs set aside and did not come again is gone or well.

        And what FYI has of another XPM practice, which an administrator left for this one, is no longer current.
        """
        self.complete = True
        if self.suspicion is None:
            with self._work.batch() as batch:
                batch.dismiss_earlier(self.table.name)
                count = batch.archive_others(self.table)
                batch.note(RunCounts(archived=0 if self._beside else count))

    def _archive(self, keys: Collection[str]) -> None:
        if not keys:
            return
        with self._work.batch() as batch:
            count = batch.archive(self.table, keys)
            batch.note(RunCounts(archived=0 if self._beside else count))

    @contextmanager
    def _counting(self, lists: Collection[TakenList[M]]) -> Iterator[None]:
        """Should one break off, count what these took: they cost as well."""
        try:
            yield
        except XeroError:
            with self._work.batch() as batch:
                for taken in lists:
                    batch.note(taken.cost)
            raise

    def _store(self, arrived: Arrived[M]) -> None:
        taken, same, read = arrived.of, arrived.same, arrived.reading.result()
        with self._work.batch() as batch:
            read_well = [*same, *(row.key for row in read.rows)]
            rows = self._wanted(batch, read.rows)
            applied = self._apply(batch, rows) + Applied(unchanged=len(same - self.seen))
            batch.set_aside(self.table.name, read.unreadable.values(), read_well)
            counted = Applied() if self._beside else applied
            new = read.unreadable.keys() - self._unreadable.keys()
            batch.note(RunCounts(**asdict(counted), quarantined=len(new)))
        keys = same | {row.key for row in rows}
        keys |= {record.key for record in read.unreadable.values() if record.key is not None}
        taken.keys |= keys
        taken.left_out += len(read.rows) - len(rows)
        taken.unknown.update(read.unknown)
        taken.is_well = taken.is_well and not read.unreadable
        self._unreadable |= read.unreadable
        self.seen |= keys

    def _end(self, taken: TakenList[M]) -> Finished:
        """Tell what a list had, all of which is stored. Raises the XeroError by which it broke off."""
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
            if taken.asked.name and taken.is_well:
                batch.keep_list(taken.asked.name, finished)
        return finished

    def _wanted(self, batch: Batch, rows: list[RecordRow]) -> list[RecordRow]:
        archived = [row.key for row in rows if row.archived] if self._current_only else []
        if not archived:
            return rows
        unwanted = set(archived).difference(batch.known(self.table, archived))
        return [row for row in rows if row.key not in unwanted]

    def _apply(self, batch: Batch, rows: Sequence[RecordRow]) -> Applied:
        """Take the rows in; one that an earlier list of this run had too counts again only if it is different now."""
        first = [row for row in rows if row.key not in self.seen]
        again = [row for row in rows if row.key in self.seen]
        return batch.apply(self.table, first) + replace(batch.apply(self.table, again), unchanged=0)
