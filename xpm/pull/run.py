"""A pull while it runs: its row, its lease, and the only way it commits anything."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from xpm.consent.access import PracticeAccess
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.pull.batch import StoredBatch
from xpm.pull.turn import Others, turn
from xpm.pull.work import PullRequest, Work
from xpm.quota.parking import resumes_at
from xpm.quota.progress import UNKNOWN, Prediction, Progress, Standing, unwatched
from xpm.store import leases
from xpm.store.consent import connections, consents
from xpm.store.leases import Lease
from xpm.store.pull import comparisons, finished_lists, runs
from xpm.store.pull.comparisons import Due
from xpm.store.pull.finished_lists import Finished
from xpm.store.push import transitions
from xpm.store.records import bulk, versions
from xpm.store.records.kinds import RecordTable
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import OwnerKind, RunStatus, SyncTrigger
from xpm.words import stop
from xpm.xero.errors import DayLimit


@dataclass(frozen=True)
class Run(Work):
    """A pull that stores. It writes only through `commit`.

    `edits_before` is the newest transition of an edit made in FYI when the run began.
    """

    run_id: str
    lease: Lease
    began: datetime
    predicted: Prediction
    progress: Progress
    edits_before: int

    @contextmanager
    def commit(self) -> Iterator[Session]:
        """Open a transaction that commits only if this run still holds its lease.

        Raises:
            Stopped: another run has taken over, or the practice has moved to another account. Nothing in the block is
                written.
        """
        with self.integration.database.write() as session:
            if not leases.renew(session, self.lease, self.integration.shared_time(session)):
                raise stop("sync.taken_over", entity=self.request.entity.label)
            if connections.get(session, self.request.practice).tenant_id != self.access.tenant_id:
                raise stop("sync.moved", entity=self.request.entity.label)
            yield session

    @contextmanager
    def batch(self) -> Iterator[StoredBatch]:
        """Commit one batch and report the progress. Raises Stopped as `commit` does."""
        with self.commit() as session:
            yield StoredBatch(session, self.scope, self.run_id, self.integration.clock(), self.edits_before)
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
    *,
    others: Others | None = None,
) -> Iterator[Run]:
    """Start the only run of this practice and entity. If it ends in an error, mark it as failed or parked.

    Raises:
        AlreadyRunning: another run of the entity did not end in time.
        DoneMeanwhile: another run did what is asked for.
    """
    with turn(integration, request, others) as lease:
        with integration.database.write() as session:
            _close_killed_runs(session, integration, request)
            run = start_run(session, access, request, integration.clock(), predicted)
            finished_lists.take_over(session, run)
            retried = runs.retried_since(session, run, run.started_at - finished_lists.KEPT)
            # a replay stores what XPM sent long ago
            before = 0 if request.trigger is SyncTrigger.REPLAY else transitions.newest(session)
        began = run.started_at
        work = Run(
            integration, access, request, run.id, lease, began, predicted, progress, before, goes_on_from=retried
        )
        progress(work.standing(run))
        try:
            yield work
        except DayLimit as limit:
            _mark_parked(integration, run.id, limit)
            raise
        except BaseException:
            _mark_failed(integration, run.id)
            raise


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
