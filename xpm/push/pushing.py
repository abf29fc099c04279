"""What a push works with: the practice's account, the lease, and what it has done so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session

from xpm.consent.access import PracticeAccess
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.push.asks import Record
from xpm.push.placing import hold
from xpm.quota.budget import xpm_api, xpm_writer
from xpm.store import leases
from xpm.store.consent import connections
from xpm.store.leases import Lease
from xpm.store.pull import runs
from xpm.store.pull.runs import RunCounts
from xpm.store.records import bulk
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.vocabulary import CallPriority, RunStatus, SyncMode, SyncTrigger
from xpm.words import stop
from xpm.xero.api import XpmApi
from xpm.xero.writer import XpmWriter

READ = "push.read"
"""The reason key of the runs that store what a push reads."""


@dataclass
class Spent:
    """What a push has cost so far."""

    calls: int = 0


@dataclass(frozen=True)
class Push:
    """One push of a practice's edits. It writes only through `commit`."""

    integration: Integration
    access: PracticeAccess
    lease: Lease
    flow_run_id: str | None = None
    tally: Spent = field(default_factory=Spent)
    runs: dict[Entity, str] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The practice, and the only account that anything is sent to."""
        return Scope(self.access.practice.slug, self.access.tenant_id)

    @contextmanager
    def commit(self) -> Iterator[Session]:
        """Open a transaction that commits only if this push still holds its lease.

        Raises:
            Stopped: another push has taken over, or the practice has moved to another account. Nothing in the block is
                written.
        """
        with self.integration.database.write() as session:
            if not leases.renew(session, self.lease, self.integration.shared_time(session)):
                raise stop("push.taken_over", practice=self.access.practice.name)
            if connections.get(session, self.scope.practice).tenant_id != self.scope.tenant_id:
                raise stop("push.moved", practice=self.access.practice.name)
            yield session

    @contextmanager
    def commit_holding(self, record: Record) -> Iterator[Session]:
        """Open a transaction that holds the record, so that nobody edits or withdraws meanwhile. Raises as `commit`."""
        with self.commit() as session:
            hold(session, self.scope, record.noun, [record.key])
            yield session

    def api(self, priority: CallPriority) -> XpmApi:
        """What reads XPM, at this priority."""
        return xpm_api(self.integration, self.access.http, self.scope.tenant_id, priority)

    def writer(self, priority: CallPriority) -> XpmWriter:
        """What writes to XPM, at this priority."""
        return xpm_writer(self.integration, self.access.http, self.scope.tenant_id, priority)

    def store(self, session: Session, entity: Entity, table: RecordTable, row: RecordRow) -> None:
        """Store a record as XPM has it now, as a sync of this one record does."""
        run_id = self._run(session, entity)
        applied = bulk.apply(session, table, self.scope, [row], run_id=run_id, now=self.integration.clock())
        runs.checkpoint(session, run_id, RunCounts(changed=applied.changed, unchanged=applied.unchanged, calls=1))

    def _run(self, session: Session, entity: Entity) -> str:
        """The run under which the history keeps what this push stores. It is over at once, so no pull waits for it."""
        if entity not in self.runs:
            now = self.integration.clock()
            run = runs.start(
                session,
                practice=self.scope.practice,
                tenant_id=self.scope.tenant_id,
                entity=entity,
                mode=SyncMode.CHANGES,
                trigger=SyncTrigger.PUSH,
                flow_run_id=self.flow_run_id,
                now=now,
            )
            runs.finish(session, run.id, RunStatus.SUCCESS, reason_key=READ, now=now)
            self.runs[entity] = run.id
        return self.runs[entity]
