"""Yields the batches of XPM's lists, and starts to read the next batches before the current one is stored.

Reading ahead crosses from one list to the next: Xero answers, and another process reads, while the last batches of a
list are stored.
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

BATCH = 500  # records in one transaction: enough to be fast, few enough that other writers get their turn


@dataclass(frozen=True)
class NamedList(Generic[M]):
    """One of XPM's lists. A retry skips it if it has a name and the earlier run finished it."""

    name: str
    records: Records[M]


@dataclass(eq=False)
class TakenList(Generic[M]):
    """A list while it is being stored, with what was stored from it so far.

    `finished` is set if this run retries one that finished the list. `error` is the error that cut the list short.
    """

    asked: NamedList[M]
    finished: Finished | None
    keys: set[str] = field(default_factory=set)
    left_out: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    replaced: list[str] = field(default_factory=list)
    all_readable: bool = True
    error: XeroError | None = None

    @property
    def cost(self) -> RunCounts:
        """The calls and bytes it took so far, for the run's counts."""
        cost = self.asked.records.cost
        return RunCounts(calls=cost.calls, bytes=cost.bytes)


@dataclass(frozen=True)
class Arrived(Generic[M]):
    """A batch of one list: `same` are the keys stored exactly as sent, `unread` the keys of the records being read.

    Each list ends with a batch without records, whose `is_end` is set.
    """

    of: TakenList[M]
    same: set[str]
    unread: set[str]
    reading: Future[ReadRecords]
    is_end: bool = False


class Arriving(Generic[M]):
    """The batches of one table's lists. After a list that was cut short, no further list is read."""

    def __init__(self, work: Work, kind: ListedKind[M]) -> None:
        self._work = work
        self._kind = kind
        self._begun: deque[Arrived[M]] = deque()

    def batches(self, lists: Iterable[NamedList[M]]) -> Generator[Arrived[M], None, None]:
        """Yield the batches in order. Closing the generator closes the response that is arriving."""
        with closing(self._arriving(lists)) as arriving:  # bytes that arrive while a batch is stored wait in the socket
            for batch in arriving:
                self._begun.append(batch)
                while self._work.reader.is_ahead([one.reading for one in self._begun]):
                    yield self._begun.popleft()
        while self._begun:
            yield self._begun.popleft()

    def begun_since(self, batch: Arrived[M]) -> Collection[TakenList[M]]:
        """The list of this batch and every list begun after it."""
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
        """Start to read the records that are not stored exactly as sent."""
        digests: dict[str, bytes] = {}
        for one in sent:
            if one.key is not None and one.digest is not None:  # if a key comes twice with two digests, both are read
                digests[one.key] = one.digest if digests.get(one.key, one.digest) == one.digest else b""
        for key in chain.from_iterable(batch.unread for batch in self._begun):  # an earlier batch may still change them
            digests.pop(key, None)
        same = set(self._work.as_sent(self._kind.table, digests)) if digests else set[str]()
        unread = [one for one in sent if one.key not in same]
        keys = {one.key for one in unread if one.key is not None}
        return Arrived(taken, same, keys, self._work.reader.read(self._kind.row, unread))
