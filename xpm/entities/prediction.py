"""What a pull's calls are predicted from, before it asks Xero for anything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from xpm.store.records.rows import Scope
from xpm.store.tables import Practice, SyncRun
from xpm.store.vocabulary import SyncMode


@dataclass(frozen=True)
class PlannedPull:
    """A pull that a person or schedule could ask for now.

    `everything`: it reads everything that XPM has, not only changes. `chosen` is the number of chosen records, 0 for
    all. `before` are the last successful runs of the same kind, newest first. `is_exported`: tax returns come from a
    file. `granted` are the scopes of the practice's consent. `values_since`: custom field values that were compared
    since then are not asked for again.
    """

    session: Session
    practice: Practice
    scope: Scope
    mode: SyncMode
    everything: bool
    today: date
    calls_per_day: int
    chosen: int
    is_exported: bool
    granted: Collection[str]
    before: Sequence[SyncRun]
    values_since: datetime | None = None

    @property
    def last_read(self) -> int | None:
        """How many records the last run of the same kind read."""
        if not self.before:
            return None
        last = self.before[0]
        if last.source_count is not None:
            return last.source_count
        return last.added + last.changed + last.unchanged + last.restored
