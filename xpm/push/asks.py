"""What somebody asks to change, as typed, and what it comes to once it is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xpm.entities.names import Noun
from xpm.entities.pushed import Channel
from xpm.store.push.edits import Place
from xpm.words import Message


@dataclass(frozen=True)
class Ask:
    """Changes of one record. `name` is a job's number or XPM ID, or a client's XPM ID or name; `values` are as typed.

    `version` is the version of the record that the editor saw, if known; an edit of another version is refused.
    """

    noun: Noun
    name: str
    values: Mapping[str, str]
    version: str | None = None


@dataclass(frozen=True)
class Record:
    """The record that an ask is about. `number` is what people call it; `name` is not always looked up."""

    noun: Noun
    key: str
    number: str
    name: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class FieldEdit:
    """One field that may be changed: where it is, what FYI has, and what it is to have.

    `before_shown` and `shown` are the two values as people read them, empty for an empty field.
    """

    place: Place
    label: str
    channel: Channel
    before: str | None
    ours: str | None
    before_shown: str
    shown: str


@dataclass(frozen=True)
class RecordEdit:
    """What an ask comes to: the changes of one record that are none yet."""

    record: Record
    changes: tuple[FieldEdit, ...]


@dataclass(frozen=True)
class RefusedAsk:
    """An ask that is refused: its number in the order of asking, from 1, and why."""

    number: int
    message: Message


@dataclass(frozen=True)
class Preview:
    """What asking would do: the changes, what is refused, and how many calls to Xero it takes.

    `without_effect` are the numbers of the asks, from 1, whose values FYI has already. `needs_confirmation`: so many
    records that a person has to confirm their number.
    """

    edits: tuple[RecordEdit, ...] = ()
    refused: tuple[RefusedAsk, ...] = ()
    without_effect: tuple[int, ...] = ()
    calls: int = 0
    needs_confirmation: bool = False

    @property
    def records(self) -> int:
        """How many records it changes."""
        return len(self.edits)

    @property
    def fields(self) -> int:
        """How many fields it changes."""
        return sum(len(edit.changes) for edit in self.edits)


@dataclass(frozen=True)
class Made:
    """What was made: the act's name, with which its edits can be found, and what it did."""

    origin: str
    preview: Preview
    notes: Sequence[Message] = field(default=())
