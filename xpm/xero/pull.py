"""One reading of one kind of record: the records, and what is known about the reading once it is over."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Unreadable:
    """A record that Xero sent and we could not read; it goes to quarantine and never stops the others.

    `reason` names the fields at fault without their values; `payload` is the record as it came.
    """

    key: str | None
    reason: str
    payload: str


@dataclass(frozen=True)
class PullFacts:
    """What is known once every record was handed on.

    `bytes` is what went over the wire (Xero charges for egress); `server_time` is Xero's clock at the first answer, the
    only safe start of the next incremental pull; `unknown` counts elements no model names, by path.
    """

    records: int
    unreadable: int
    bytes: int
    calls: int
    server_time: datetime | None
    unknown: Mapping[str, int]


@dataclass
class Tally:
    """The counts of a pull while it runs."""

    records: int = 0
    unreadable: int = 0
    bytes: int = 0
    calls: int = 0
    server_time: datetime | None = None
    unknown: dict[str, int] = field(default_factory=dict)

    def facts(self) -> PullFacts:
        """The counts as they stand."""
        return PullFacts(
            self.records, self.unreadable, self.bytes, self.calls, self.server_time, dict(sorted(self.unknown.items()))
        )


class Pull(Generic[R]):
    """Iterates once over the records of one reading, in Xero's order.

    An error while iterating means that the pull is incomplete: what came before it proves nothing about what is absent.
    `facts` exists only after the last record.
    """

    def __init__(self, read: Callable[[Tally], Iterator[R | Unreadable]]) -> None:
        self._read = read
        self._tally = Tally()
        self._begun = False
        self._complete = False

    def __iter__(self) -> Generator[R | Unreadable, None, None]:
        """The records; closing the iterator before its end gives the answer back."""
        if self._begun:
            raise RuntimeError("A pull can be iterated once; ask the API for another one.")
        self._begun = True
        return self._records()

    @property
    def facts(self) -> PullFacts:
        """What is known about the whole pull; raises `RuntimeError` while it is not complete."""
        if not self._complete:
            raise RuntimeError("The facts of a pull are known once its last record was read.")
        return self._tally.facts()

    def _records(self) -> Generator[R | Unreadable, None, None]:
        for record in self._read(self._tally):
            if isinstance(record, Unreadable):
                self._tally.unreadable += 1
            else:
                self._tally.records += 1
            yield record
        self._complete = True
