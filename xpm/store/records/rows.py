"""The rows that go into the bulk path, and the counts that come out."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from xpm.store.vocabulary import GONE, ArchiveReason

ARCHIVED = "archived_reason"
"""The place of what XPM says about a record being archived or deleted."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: a practice, and the tenant they came from."""

    practice: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a record that could not be read: what is stored of it stays.

    `place` is a column, or an owned or shared table. In a list, `column` is the field of the item whose `key` column is
    `item` (or that has this place, if items have no key); without a column it is the whole item, and without an item
    any that is stored and was not read.
    """

    place: str
    column: str | None = None
    item: str | int | None = None
    key: str = "uuid"


@dataclass(frozen=True)
class RecordRow:
    """One record, flattened to columns.

    `columns` names exactly `RecordTable.columns`, with children as a list or as its JSON; `owned` rows name exactly
    `OwnedTable.columns`, in XPM's order; `shared` rows name exactly `SharedTable.columns`. The store adds the scope,
    the owner key and the place in the list.

    `archived` is set if XPM has the record but calls it archived or deleted. `sent_digest` is the digest of the record
    as XPM sent it, if known. `unread` are the parts that could not be read; their columns say nothing.
    """

    key: str
    content_hash: bytes
    columns: Mapping[str, object]
    owned: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    shared: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    archived: ArchiveReason | None = None
    sent_digest: bytes | None = field(default=None, compare=False)
    unread: tuple[Unread, ...] = ()

    @property
    def is_present(self) -> bool:
        """Whether XPM is known to have the record, even if it calls it archived or deleted."""
        return self.archived not in GONE


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did, in records. The five counts add up to the distinct keys of the batch."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    restored: int = 0
    archived: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        """Sum two batches."""
        return Applied(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))
