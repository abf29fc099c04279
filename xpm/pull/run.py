"""A pull while it runs: its row, its lease, and the only way it commits anything."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from xpm.consent.access import PracticeAccess
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.pull.batch import StoredBatch
from xpm.pull.work import PullRequest, Work
from xpm.quota.parking import resumes_at
from xpm.quota.progress import UNKNOWN, Prediction, Progress, Standing, unwatched
from xpm.store import leases
from xpm.store.consent import connections, consents
from xpm.store.leases import Lease
from xpm.store.pull import comparisons, finished_lists, runs
from xpm.store.pull.comparisons import Due
from xpm.store.pull.finished_lists import Finished
from xpm.store.records import bulk, versions
from xpm.store.records.kinds import RecordTable
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import OwnerKind, RunStatus
from xpm.words import Message, Stopped, message, stop
from xpm.xero.errors import DayLimit

LEASE = timedelta(minutes=10)
"""How long a killed run keeps others out. Longer than the longest wait between two batches, since a list may take five
minutes to begin. A retry of the same flow run does not wait: it takes over its own lease."""


class AlreadyRunning(Stopped):
    """Another run of the entity is going on: that of `flow_run_id`, or one that no flow started."""

    def __init__(self, reason: Message, flow_run_id: str | None) -> None:
        super().__init__(reason)
        self.args = (reason, flow_run_id)  # unpickling calls the class with these
        self.flow_run_id = flow_run_id


@dataclass(frozen=True)
class Run(Work):
    """A pull that stores. It writes only through `commit`."""

    run_id: str
    lease: Lease
    began: datetime
    predicted: Prediction
    progress: Progress

    @contextmanager
    def commit(self) -> Iterator[Session]:
        """Open a transaction that renews this run's lease, and commits only if the run still holds it.

        Raises:
            Stopped: another run has taken over, or the practice has moved to another account. Nothing in the block is
                written.
        """
        with self.integration.database.write() as session:
            if leases.renew(session, self.lease, self.integration.clock(), LEASE) is None:
                raise stop("sync.interrupted", entity=self.request.entity.label)
            if connections.get(session, self.request.practice).tenant_id != self.access.tenant_id:
                raise stop("sync.moved", entity=self.request.entity.label)
            yield session

    @contextmanager
    def batch(self) -> Iterator[StoredBatch]:
        """Commit one batch and report the progress. Raises Stopped as `commit` does."""
        with self.commit() as session:
            yield StoredBatch(session, self.scope, self.run_id, self.integration.clock())
            standing = self.standing(runs.get(session, self.run_id))
        self.progress(standing)

    def standing(self, run: SyncRun) -> Standing:
        """How far the run has got, by its row."""
        read = run.added + run.changed + run.unchanged + run.restored + run.quarantined
        answers_count = DEFINITIONS[self.request.entity].counts_answers
        elapsed = self.integration.clock() - self.began
        return Standing(self.predicted, run.calls if answers_count else read, run.calls, elapsed)

    def count_present(self, table: RecordTable) -> int:
        """Count the records in the store."""
        with self.integration.database.read() as session:
            return bulk.count_present(session, table, self.scope)

    def as_sent(self, table: RecordTable, digests: Mapping[str, bytes]) -> Collection[str]:
        """Compare the digests with the stored ones."""
        with self.integration.database.read() as session:
            return versions.as_sent(session.connection(), table, self.scope, digests)

    def finished(self, name: str) -> Finished | None:
        """Look the list up in the store."""
        with self.integration.database.read() as session:
            return finished_lists.find(session, self.scope, self.request.entity, name)

    def due(self, kind: OwnerKind, table: RecordTable, *, changes_only: bool) -> list[Due]:
        """Read the owners from the store."""
        with self.integration.database.read() as session:
            return comparisons.due(session, table, self.scope, kind, changes_only=changes_only)


@contextmanager
def working(
    integration: Integration,
    access: PracticeAccess,
    request: PullRequest,
    predicted: Prediction = UNKNOWN,
    progress: Progress = unwatched,
) -> Iterator[Run]:
    """Start the only run of this practice and entity. If it ends in an error, mark it as failed or parked.

    Raises:
        AlreadyRunning: the entity is being synchronised already.
    """
    lease = take_lease(integration, request)
    try:
        with integration.database.write() as session:
            _close_killed_runs(session, integration, request)
            run = start_run(session, access, request, integration.clock(), predicted)
            finished_lists.take_over(session, run)
            retried = runs.retried_since(session, run, run.started_at - finished_lists.KEPT)
        began = run.started_at
        work = Run(integration, access, request, run.id, lease, began, predicted, progress, goes_on_from=retried)
        progress(work.standing(run))
        try:
            yield work
        except DayLimit as limit:
            _mark_parked(integration, run.id, limit)
            raise
        except BaseException:
            _mark_failed(integration, run.id)
            raise
    finally:
        with integration.database.write() as session:
            leases.release(session, lease)


def start_run(
    session: Session, access: PracticeAccess, request: PullRequest, now: datetime, predicted: Prediction = UNKNOWN
) -> SyncRun:
    """Add the row of a run that begins now."""
    return runs.start(
        session,
        practice=request.practice,
        tenant_id=access.tenant_id,
        entity=request.entity,
        mode=request.mode,
        trigger=request.trigger,
        person=request.person,
        xero_userid=consents.login_of(session, request.practice),
        flow_run_id=request.flow_run_id,
        predicted_calls=predicted.calls,
        predicted_bytes=predicted.bytes,
        now=now,
    )


def take_lease(integration: Integration, request: PullRequest) -> Lease:
    """Take the lease of a practice's entity.

    Raises:
        AlreadyRunning: another run holds it.
    """
    name = _lease_name(request.practice, request.entity)
    holder = request.flow_run_id or str(uuid.uuid4())
    with integration.database.write() as session:
        lease = leases.acquire(session, name, holder, integration.clock(), LEASE)
        if lease is not None:
            return lease
        running = _unfinished(session, request.practice, request.entity)
    raise _already_running(integration, request.entity, running)


def running_now(session: Session, practice: str, entity: Entity, now: datetime) -> SyncRun | None:
    """The entity's run that is going on now. A killed run counts as running until its lease expires."""
    if not leases.is_taken(session, _lease_name(practice, entity), now):
        return None
    return _unfinished(session, practice, entity)


def _unfinished(session: Session, practice: str, entity: Entity) -> SyncRun | None:
    """The newest run that has not ended."""
    return next(iter(runs.unfinished(session, practice, entity)), None)


def _already_running(integration: Integration, entity: Entity, run: SyncRun | None) -> AlreadyRunning:
    since = f"{run.started_at:%H:%M} UTC" if run else "a moment ago"
    if run is None or run.flow_run_id is None:
        return AlreadyRunning(message("sync.already_running_elsewhere", entity=entity.label, since=since), None)
    link = f"{integration.settings.xpm_console_url}/runs/{run.flow_run_id}"
    reason = message("sync.already_running", entity=entity.label, since=since, link=link)
    return AlreadyRunning(reason, run.flow_run_id)


def _lease_name(practice: str, entity: Entity) -> str:
    return f"sync/{practice}/{entity}"


def _mark_failed(integration: Integration, run_id: str) -> None:
    """Mark the run as failed, unless another run took over and has closed it as interrupted."""
    with integration.database.write() as session:
        if runs.get(session, run_id).status is RunStatus.RUNNING:
            runs.finish(session, run_id, RunStatus.FAILURE, reason_key="sync.failed", now=integration.clock())


def _mark_parked(integration: Integration, run_id: str, limit: DayLimit) -> None:
    with integration.database.write() as session:
        if runs.get(session, run_id).status is RunStatus.RUNNING:
            at, now = resumes_at(limit, integration.clock()), integration.clock()
            runs.finish(session, run_id, RunStatus.PARKED, reason_key="sync.parked", resumes_at=at, now=now)


def _close_killed_runs(session: Session, integration: Integration, request: PullRequest) -> None:
    """Close runs that are open although nobody holds their lease: they were killed, and must not seem to be running."""
    for run in runs.unfinished(session, request.practice, request.entity):
        runs.finish(session, run.id, RunStatus.FAILURE, reason_key="sync.interrupted", now=integration.clock())
