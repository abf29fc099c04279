"""The records of one answer, and what is known about the answer once it is over."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Unreadable:
    """A record that Xero sent and we could not read; it goes to quarantine and never stops the others.

    `reason` names the fields at fault without their values; `payload` is the record as it came.
    """

    key: str | None
    reason: str
    payload: str


@dataclass(frozen=True)  # without slots, which are slow to carry to another process
class Sent(Generic[R]):
    """A record as Xero sent it, not read yet: most of a list is as it was last time, which its digest tells.

    `digest` stands for all that Xero sent of it, and for how this release reads it; `None` where it is not known. A
    record that only looks different has another one.
    """

    key: str | None
    digest: bytes | None
    read: Callable[[dict[str, int]], "R | Unreadable"]


def read_already(record: "R | Unreadable") -> Sent[R]:
    """A record that was read while it arrived."""
    return Sent(None, None, lambda _: record)


@dataclass(frozen=True)
class AnswerFacts:
    """What is known once every record was handed on.

    `records` counts those that were sent, readable or not. `bytes` is what went over the wire (Xero charges for
    egress); `server_time` is Xero's clock at the first answer, the only safe start of the next pull of changes;
    `unknown` counts elements no model names, by path: where the answer was iterated, those inside its records too.
    """

    records: int
    bytes: int
    calls: int
    server_time: datetime | None
    unknown: Mapping[str, int]


class Cost(NamedTuple):
    """Calls to Xero, and bytes over the wire."""

    calls: int
    bytes: int


@dataclass
class AnswerCounts:
    """The counts of an answer while it arrives."""

    records: int = 0
    bytes: int = 0
    calls: int = 0
    server_time: datetime | None = None
    unknown: dict[str, int] = field(default_factory=dict)

    def facts(self) -> AnswerFacts:
        """The counts as they stand."""
        return AnswerFacts(self.records, self.bytes, self.calls, self.server_time, dict(sorted(self.unknown.items())))


class Records(Generic[R]):
    """Iterates once over the records of one answer, in Xero's order.

    After an error the answer is incomplete: what came before it proves nothing about what is absent.
    `facts` exists only after the last record.
    """

    def __init__(self, read: Callable[[AnswerCounts], Iterator[Sent[R]]]) -> None:
        self._read = read
        self._tally = AnswerCounts()
        self._begun = False
        self._complete = False

    def __iter__(self) -> Iterator[R | Unreadable]:
        """The records, each read."""
        return (sent.read(self._tally.unknown) for sent in self.sent())

    def sent(self) -> Generator[Sent[R], None, None]:
        """The records, for whoever knows some by their digests; closing this before its end gives the answer back.

        `facts.unknown` has then only what stands between the records.
        """
        if self._begun:
            raise RuntimeError("An answer can be iterated once; ask the API for another one.")
        self._begun = True
        return self._records()

    @property
    def cost(self) -> Cost:
        """What it took so far, complete or not: what broke off, or was not found, costs as well."""
        return Cost(self._tally.calls, self._tally.bytes)

    @property
    def facts(self) -> AnswerFacts:
        """What is known about the whole answer; raises `RuntimeError` while it is not complete."""
        if not self._complete:
            raise RuntimeError("The facts of an answer are known once its last record was read.")
        return self._tally.facts()

    def _records(self) -> Generator[Sent[R], None, None]:
        for sent in self._read(self._tally):
            self._tally.records += 1
            yield sent
        self._complete = True
