"""A pull reads one kind of record once: it yields the records, and has its facts once it is complete."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Unreadable:
    """A record that Xero sent and we could not read. It goes to quarantine and never stops the others.

    `reason` names the wrong fields without their values; `payload` is the record as sent.
    """

    key: str | None
    reason: str
    payload: str


@dataclass(frozen=True)  # no slots: they are slow to pickle
class Sent(Generic[R]):
    """A record as Xero sent it, not parsed yet. Most records of a list are unchanged, which the digest shows.

    `digest` covers the bytes Xero sent and the way this release reads them; None if unknown. The same content in
    different bytes has a different digest.
    """

    key: str | None
    digest: bytes | None
    read: Callable[[dict[str, int]], "R | Unreadable"]


def read_already(record: "R | Unreadable") -> Sent[R]:
    """Wrap a record that is already parsed."""
    return Sent(None, None, lambda _: record)


@dataclass(frozen=True)
class PullFacts:
    """The facts about a complete pull.

    Attributes:
        records: how many records were sent, readable or not.
        bytes: bytes on the wire; Xero charges for egress.
        server_time: Xero's time at the first answer, the only safe start of the next incremental pull.
        unknown: counts of the elements that no model names, by path; those inside records only if they were parsed.
    """

    records: int
    bytes: int
    calls: int
    server_time: datetime | None
    unknown: Mapping[str, int]


class Cost(NamedTuple):
    """Calls to Xero, and bytes on the wire."""

    calls: int
    bytes: int


@dataclass
class Tally:
    """The counts of a pull while it runs."""

    records: int = 0
    bytes: int = 0
    calls: int = 0
    server_time: datetime | None = None
    unknown: dict[str, int] = field(default_factory=dict)

    def facts(self) -> PullFacts:
        """Return the counts so far."""
        return PullFacts(self.records, self.bytes, self.calls, self.server_time, dict(sorted(self.unknown.items())))


class Pull(Generic[R]):
    """Iterates over the records once, in Xero's order.

    An error while iterating means that the pull is incomplete; then a missing record proves nothing. `facts` exists
    only after the last record.
    """

    def __init__(self, read: Callable[[Tally], Iterator[Sent[R]]]) -> None:
        self._read = read
        self._tally = Tally()
        self._begun = False
        self._complete = False

    def __iter__(self) -> Iterator[R | Unreadable]:
        """Yield the records, parsed."""
        return (sent.read(self._tally.unknown) for sent in self.sent())

    def sent(self) -> Generator[Sent[R], None, None]:
        """Return the records unparsed, for callers that recognise some by digest. Closing it early closes the answer.

        `facts.unknown` then has only the elements between the records.
        """
        if self._begun:
            raise RuntimeError("A pull can be iterated once; ask the API for another one.")
        self._begun = True
        return self._records()

    @property
    def cost(self) -> Cost:
        """The cost so far. A pull that failed or found nothing also costs."""
        return Cost(self._tally.calls, self._tally.bytes)

    @property
    def facts(self) -> PullFacts:
        """The facts about the complete pull; raises `RuntimeError` before that."""
        if not self._complete:
            raise RuntimeError("The facts of a pull are known once its last record was read.")
        return self._tally.facts()

    def _records(self) -> Generator[Sent[R], None, None]:
        for sent in self._read(self._tally):
            self._tally.records += 1
            yield sent
        self._complete = True
