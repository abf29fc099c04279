"""The records of one answer, which are yielded once, and the facts about the answer, known once it is complete."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeAlias, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Unreadable:
    """A record that Xero sent and we could not read. It goes to quarantine and never stops the others.

    `reason` names the wrong fields without their values; `payload` is the record as sent. If `parts` names parts of the
    record, only these could not be read, and the record is stored without them. `number` is what people call the
    record, if that is not its key.
    """

    key: str | None
    reason: str
    payload: str
    parts: str | None = None
    number: str | None = None

    @property
    def name(self) -> str | None:
        """What people call it."""
        return self.number or self.key


@dataclass(frozen=True)
class LeftOut:
    """A part of a record that could not be read, in the names of its model.

    `item` is the key of an item of the list `field`, or its place if such items have no key; `None` for an item whose
    key could not be read. `inner` is the field of that item, or of a single nested record.
    """

    field: str
    item: str | int | None = None
    inner: str | None = None


@dataclass(frozen=True)
class PartlyRead(Generic[R]):
    """A record that is not as XPM writes it, and what could be read of it.

    `parts` and `reason` are as for `Unreadable`. `replaced` names the parts in whose text something was replaced that
    XML forbids; they were read without guessing.
    """

    record: R
    payload: str
    left_out: tuple[LeftOut, ...] = ()
    parts: str = ""
    reason: str = ""
    replaced: tuple[str, ...] = ()


Read: TypeAlias = R | PartlyRead[R] | Unreadable
"""What reading a record came to."""


@dataclass(frozen=True)  # no slots: they are slow to pickle
class Sent(Generic[R]):
    """A record as Xero sent it, not parsed yet. Most records of a list are unchanged, which the digest shows.

    `digest` covers the bytes Xero sent and what reads them (`xpm.entities.fingerprint`); None if unknown. The same
    content in different bytes has a different digest.
    """

    key: str | None
    digest: bytes | None
    read: Callable[[dict[str, int]], "Read[R]"]


@dataclass(frozen=True)
class _ReadAlready(Generic[R]):
    """A record that is already parsed. It can be sent to the process that reads records, like those that are not."""

    record: Read[R]

    def __call__(self, unknown: dict[str, int]) -> Read[R]:
        return self.record


def read_already(record: Read[R]) -> Sent[R]:
    """Wrap a record that is already parsed."""
    return Sent(None, None, _ReadAlready(record))


@dataclass(frozen=True)
class AnswerFacts:
    """The facts about a complete answer.

    Attributes:
        records: how many records were sent, readable or not.
        bytes: bytes on the wire; Xero charges for egress.
        server_time: Xero's time at the first answer, the only safe start of the next pull of changes.
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
class AnswerCounts:
    """What is known of an answer while it arrives. `correlation_id` is that of the last call."""

    records: int = 0
    bytes: int = 0
    calls: int = 0
    server_time: datetime | None = None
    correlation_id: str | None = None
    unknown: dict[str, int] = field(default_factory=dict)

    def facts(self) -> AnswerFacts:
        """Return the counts so far."""
        return AnswerFacts(self.records, self.bytes, self.calls, self.server_time, dict(sorted(self.unknown.items())))


class Records(Generic[R]):
    """Iterates over the records once, in Xero's order.

    An error while iterating means that the answer is incomplete; then a missing record proves nothing. `facts` exists
    only after the last record.
    """

    def __init__(self, read: Callable[[AnswerCounts], Iterator[Sent[R]]]) -> None:
        self._read = read
        self._tally = AnswerCounts()
        self._begun = False
        self._complete = False

    def __iter__(self) -> Iterator[R | Unreadable]:
        """Yield the records, parsed. Of a record that is partly readable, yield what could be read."""
        return (read.record if isinstance(read, PartlyRead) else read for read in self.each())

    def each(self) -> Iterator[Read[R]]:
        """Yield the records, parsed, with what could not be read of them."""
        return (sent.read(self._tally.unknown) for sent in self.sent())

    def sent(self) -> Generator[Sent[R], None, None]:
        """Return the records unparsed, for callers that recognise some by digest. Closing it early closes the answer.

        `facts.unknown` then has only the elements between the records.
        """
        if self._begun:
            raise RuntimeError("An answer can be iterated once; ask the API for another one.")
        self._begun = True
        return self._records()

    @property
    def cost(self) -> Cost:
        """The cost so far. An answer that failed or held nothing also costs."""
        return Cost(self._tally.calls, self._tally.bytes)

    @property
    def facts(self) -> AnswerFacts:
        """The facts about the complete answer; raises `RuntimeError` before that."""
        if not self._complete:
            raise RuntimeError("The facts of an answer are known once its last record was read.")
        return self._tally.facts()

    def _records(self) -> Generator[Sent[R], None, None]:
        for sent in self._read(self._tally):
            self._tally.records += 1
            yield sent
        self._complete = True
