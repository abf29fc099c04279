"""The rows that go into the bulk path, and the counts that come out."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from xpm.store.vocabulary import ArchiveReason


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: a practice, and the tenant they came from."""

    practice: str
    tenant_id: str


@dataclass(frozen=True)
class RecordRow:
    """One record, flattened to columns.

    `columns` names exactly `RecordTable.columns`, with children as a list or as its JSON; `owned` rows name exactly
    `OwnedTable.columns`, in XPM's order; `shared` rows name exactly `SharedTable.columns`. The store adds the scope,
    the owner key and the place in the list.

    `archived` is set if XPM has the record but calls it archived or deleted. `sent_digest` is the digest of the record
    as XPM sent it, if known.
    """

    key: str
    content_hash: bytes
    columns: Mapping[str, object]
    owned: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    shared: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    archived: ArchiveReason | None = None
    sent_digest: bytes | None = field(default=None, compare=False)


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
