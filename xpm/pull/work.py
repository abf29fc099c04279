"""What a pull works with, whether it stores or is a dry run."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from xpm.consent.access import PracticeAccess
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.batch import Batch
from xpm.pull.reader import Reader
from xpm.store import practices
from xpm.store.pull import runs
from xpm.store.pull.comparisons import Due
from xpm.store.pull.finished_lists import Finished
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import OwnerKind, SyncMode, SyncTrigger


@dataclass(frozen=True)
class PullRequest:
    """What was asked for, by whom (an FYI email address) and from which flow run.

    `records`: of custom fields, only the values of these clients (by UUID) and jobs (by number), compared or not.
    `confirm_missing`: so many records that are missing at once were really removed in XPM, a person says.
    """

    practice: str
    entity: Entity
    mode: SyncMode
    trigger: SyncTrigger
    person: str | None = None
    flow_run_id: str | None = None
    records: tuple[str, ...] = ()
    confirm_missing: int = 0


@dataclass(frozen=True)
class Work(ABC):
    """A sync and what it works with. What becomes of that which arrives is decided by its batches alone."""

    integration: Integration
    access: PracticeAccess
    request: PullRequest
    reader: Reader = field(default_factory=Reader, kw_only=True)
    goes_on_from: datetime | None = field(default=None, kw_only=True)
    """When the first of the runs began that this one retries, if it retries any."""

    @property
    def scope(self) -> Scope:
        """Whose records."""
        return Scope(self.request.practice, self.access.tenant_id)

    def changed_since(self) -> datetime | None:
        """From when on to ask for changes; `None` to ask for everything."""
        with self.integration.database.read() as session:
            return runs.changed_since(session, self.scope, self.request.entity, self.request.mode)

    def wants_archived(self) -> bool:
        """Whether the practice wants records, too, that were archived before FYI knew them."""
        with self.integration.database.read() as session:
            return practices.settings_of(session, self.request.practice).include_archived_clients

    @abstractmethod
    def batch(self) -> AbstractContextManager[Batch]:
        """One step, which holds as a whole when the block ends well."""

    @abstractmethod
    def count_active(self, table: RecordTable) -> int:
        """How many records are current after the steps so far."""

    @abstractmethod
    def as_sent(self, table: RecordTable, digests: Mapping[str, bytes]) -> Collection[str]:
        """Which of these records are after the steps so far just as they are sent now."""

    @abstractmethod
    def finished(self, name: str) -> Finished | None:
        """What a list had that the run which this one retries has read to its end."""

    @abstractmethod
    def due(self, kind: OwnerKind, table: RecordTable, *, changes_only: bool) -> list[Due]:
        """Whose custom field values to compare."""
