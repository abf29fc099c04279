"""What lists of XPM's bring, batch by batch: each is begun to be read before those that came before it are stored.

That goes on from one list to the next: Xero answers, and another process reads, while the last batches are stored.
"""

from collections import Counter, deque
from collections.abc import Collection, Generator, Iterable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Generic, TypeVar

from xpm.entities.entity import ListedKind
from xpm.pull.reading import ReadRecords
from xpm.pull.work import Work
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.xero.errors import XeroError
from xpm.xero.models import XpmRecord
from xpm.xero.records import Records, Sent

M = TypeVar("M", bound=XpmRecord)

BATCH = 500  # records in one transaction: long enough to be quick, short enough that others get their turn


@dataclass(frozen=True)
class NamedList(Generic[M]):
    """A list of XPM's; under its name, where it has one, it may be taken as read by a retry."""

    name: str
    records: Records[M]


@dataclass(eq=False)
class TakenList(Generic[M]):
    """A list while it is taken in: what of it is stored, or what of it the run which this one retries had stored.

    `error` is how it broke off; `is_well` tells whether all that came could be read.
    """

    asked: NamedList[M]
    finished: Finished | None
    keys: set[str] = field(default_factory=set)
    left_out: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    is_well: bool = True
    error: XeroError | None = None

    @property
    def cost(self) -> RunCounts:
        """What it took so far, for the run's counts."""
        cost = self.asked.records.cost
        return RunCounts(calls=cost.calls, bytes=cost.bytes)


@dataclass(frozen=True)
class Arrived(Generic[M]):
    """A batch: the keys of those that are stored just as they arrived, and the others while they are read.

    The last of each list has no records: it `is_end`.
    """

    of: TakenList[M]
    same: set[str]
    unread: set[str]
    reading: Future[ReadRecords]
    is_end: bool = False


class Arriving(Generic[M]):
    """The batches of lists of one table. Nothing of a list after one that broke off."""

    def __init__(self, work: Work, kind: ListedKind[M]) -> None:
        self._work = work
        self._kind = kind
        self._begun: deque[Arrived[M]] = deque()

    def batches(self, lists: Iterable[NamedList[M]]) -> Generator[Arrived[M], None, None]:
        """Yield the batches in order; closing this gives the answer back that is arriving."""
        with closing(self._arriving(lists)) as arriving:  # what comes while a batch is stored waits in the socket
            for batch in arriving:
                self._begun.append(batch)
                while self._work.reader.is_ahead([one.reading for one in self._begun]):
                    yield self._begun.popleft()
        while self._begun:
            yield self._begun.popleft()

    def begun_since(self, batch: Arrived[M]) -> Collection[TakenList[M]]:
        """The list of this batch, and those that were begun after it."""
        return {one.of for one in (batch, *self._begun)}

    def _arriving(self, lists: Iterable[NamedList[M]]) -> Generator[Arrived[M], None, None]:
        for one in lists:
            taken = TakenList(one, self._work.finished(one.name) if one.name else None)
            if taken.finished is None:
                yield from self._batches_of(taken)
            nothing: Future[ReadRecords] = Future()
            nothing.set_result(ReadRecords())
            yield Arrived(taken, set(), set(), nothing, is_end=True)
            if taken.error:
                return

    def _batches_of(self, taken: TakenList[M]) -> Generator[Arrived[M], None, None]:
        try:
            with closing(taken.asked.records.sent()) as arriving:
                while sent := list(islice(arriving, BATCH)):
                    yield self._begin(taken, sent)
        except XeroError as error:
            taken.error = error

    def _begin(self, taken: TakenList[M], sent: Sequence[Sent[M]]) -> Arrived[M]:
        """Begin to read those that are not stored just as they arrived."""
        digests: dict[str, bytes] = {}
        for one in sent:
            if one.key is not None and one.digest is not None:  # twice and not alike: both are read
                digests[one.key] = one.digest if digests.get(one.key, one.digest) == one.digest else b""
        for key in chain.from_iterable(batch.unread for batch in self._begun):  # what will be stored is not known yet
            digests.pop(key, None)
        same = set(self._work.as_sent(self._kind.table, digests)) if digests else set[str]()
        unread = [one for one in sent if one.key not in same]
        keys = {one.key for one in unread if one.key is not None}
        return Arrived(taken, same, keys, self._work.reader.read(self._kind.row, unread))
