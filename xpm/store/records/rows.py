"""What goes into the bulk path and what comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from xpm.store.vocabulary import ArchiveReason


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: a practice, and the XPM practice they came from."""

    practice: str
    tenant_id: str


@dataclass(frozen=True)
class RecordRow:
    """One record, flattened to columns.

    `columns` names exactly `RecordTable.columns`, with children as a list or as its JSON; `owned` rows exactly
    `OwnedTable.columns`, in XPM's order; `shared` rows exactly `SharedTable.columns`. The store adds scope, owner key
    and place in the list.
    `archived` is what XPM itself says of the record: it is there, and no longer current. `sent_digest`, where there is
    one, is that of the record as it was sent.
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
    """What a batch did, in records; the five add up to the distinct keys of the batch."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    restored: int = 0
    archived: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        """Sum two batches."""
        return Applied(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))
