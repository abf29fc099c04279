"""What a pull works with, whether it stores records or is a dry run."""

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
from xpm.store.consent import consents
from xpm.store.pull import runs
from xpm.store.pull.comparisons import Due
from xpm.store.pull.finished_lists import Finished
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import OwnerKind, SyncMode, SyncTrigger


@dataclass(frozen=True)
class PullRequest:
    """What to pull, for whom (`person` is an FYI email address) and from which flow run.

    `records`: read only these clients (by UUID) and jobs (by number or UUID), and for custom fields only their values,
    even if they were compared before. `confirm_missing`: a person confirmed that up to this many missing records were
    removed in XPM.
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
    """A pull and what it works with. Only a Batch decides whether records are stored."""

    integration: Integration
    access: PracticeAccess
    request: PullRequest
    reader: Reader = field(default_factory=Reader, kw_only=True)
    goes_on_from: datetime | None = field(default=None, kw_only=True)
    """When the first of the runs that this one retries began; `None` if it retries none."""

    @property
    def values_since(self) -> datetime | None:
        """Custom field values that were compared since then are not asked for again."""
        return self.goes_on_from

    @property
    def scope(self) -> Scope:
        """The practice and tenant whose records these are."""
        return Scope(self.request.practice, self.access.tenant_id)

    def changed_since(self) -> datetime | None:
        """The time from which to ask for changes; `None` to ask for everything."""
        with self.integration.database.read() as session:
            return runs.changed_since(
                session, self.scope, self.request.entity, self.request.mode, self.integration.clock()
            )

    def wants_archived(self) -> bool:
        """Whether the practice also wants records that were archived before FYI knew them."""
        with self.integration.database.read() as session:
            return practices.settings_of(session, self.request.practice).include_archived_clients

    def is_new_login(self) -> bool:
        """Whether another person's login is used than when FYI last agreed with XPM; it may see fewer records."""
        with self.integration.database.read() as session:
            before = runs.last_agreed(session, self.scope, self.request.entity)
            now = consents.login_of(session, self.request.practice)
        return before is not None and None not in (before.xero_userid, now) and before.xero_userid != now

    @abstractmethod
    def batch(self) -> AbstractContextManager[Batch]:
        """Open a batch, which takes effect as a whole if the block ends without an error."""

    @abstractmethod
    def count_present(self, table: RecordTable) -> int:
        """How many records XPM is known to have after the batches so far, with those it calls archived or deleted."""

    @abstractmethod
    def as_sent(self, table: RecordTable, digests: Mapping[str, bytes]) -> Collection[str]:
        """The keys of the records that are, after the batches so far, exactly as XPM sends them now."""

    @abstractmethod
    def finished(self, name: str) -> Finished | None:
        """What the list held, if the run that this one retries finished it."""

    @abstractmethod
    def due(self, kind: OwnerKind, table: RecordTable, *, changes_only: bool) -> list[Due]:
        """The owners whose custom field values to compare."""
