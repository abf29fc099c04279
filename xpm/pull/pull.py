"""Runs one pull of one entity: checks that it may run, carries it out, and sums it up."""

from datetime import datetime

from sqlmodel import Session

from xpm.activity.log import record, said_of
from xpm.consent.access import PracticeAccess, practice_access
from xpm.entities.gates import is_user, left_out_for, reason_to_skip
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.findings import Grounds
from xpm.pull.outcome import COUNTS, PullResult, dropped_from, status_of, summed_up
from xpm.pull.plans.plan import AnyIntake, carry_out, tax_source
from xpm.pull.plans.values import ValuesCompared
from xpm.pull.run import Run, start_run, working
from xpm.pull.turn import DoneMeanwhile, Others
from xpm.pull.work import PullRequest
from xpm.quota.parking import priority_of
from xpm.quota.prediction import predict
from xpm.quota.progress import Progress, unwatched
from xpm.quota.tries import RunTries
from xpm.store import practices
from xpm.store.pull import finished_lists, missing, runs
from xpm.store.records import bulk
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus
from xpm.words import Message, message
from xpm.xero.tax import TaxSource


def run_pull(
    integration: Integration, request: PullRequest, progress: Progress = unwatched, others: Others | None = None
) -> PullResult:
    """Pull one entity of one practice, and record the result in Practice Activity.

    Safe to repeat: unchanged records are not written again. Waits for another run of the entity; if that run did what
    is asked for, its result is returned.

    Raises:
        Stopped: unknown practice, no usable connection, or another run of the entity did not end in time.
        XeroError: Xero failed. Batches stored before that are kept, and nothing is archived.
    """
    priority = priority_of(request.trigger, request.mode, request.entity)
    tries = RunTries(integration, request.flow_run_id) if request.flow_run_id else None
    with practice_access(integration, request.practice, priority, tries) as access:
        tax = tax_source(integration, access)
        if key := reason_to_leave_out(integration, access, request, tax):
            return _skipped(integration, access, request, key)
        of = (access.practice, access.tenant_id, request.entity, request.mode)
        predicted = predict(integration, *of, chosen=len(request.records))
        try:
            with working(integration, access, request, predicted, progress, others=others) as work:
                return finish(work, *carry_out(work, tax))
        except DoneMeanwhile as done:
            return _result_of(integration, done.run_id)


def finish(work: Run, intake: AnyIntake, compared: ValuesCompared | None) -> PullResult:
    """Count both sides, sum up, and store the run's end and its Practice Activity entry in one transaction."""
    request, now = work.request, work.integration.clock()
    with work.commit() as session:
        run = runs.get(session, work.run_id)
        if intake.complete:
            run.source_count = intake.source_count()
            run.stored_count = bulk.count_present(session, intake.table, work.scope)
            run.left_out = intake.left_out
        run.compared = compared.done if compared else None
        counts = {name: getattr(run, name) for name in COUNTS}
        before = dropped_from(session, work.scope, request, intake.known_count())
        sides = (run.source_count, run.stored_count)
        summary = summed_up(request.entity, counts, sides, intake, compared, before=before)
        status = status_of(summary)
        finished_lists.forget(session, run)
        if intake.suspicion:
            doubted = intake.suspicion
            of_former = doubted.grounds is Grounds.FEW_AFTER_MOVE
            missing.keep(session, run, doubted.table, doubted.keys, now, of_former_account=of_former)
        watermark = _watermark(work, run, intake) if status is RunStatus.SUCCESS and not request.records else None
        runs.finish(session, run.id, status, reason_key=summary.key, watermark=watermark, now=now)
        return _recorded(session, run, request, summary, now)


def _watermark(work: Run, run: SyncRun, intake: AnyIntake) -> datetime | None:
    """Xero's time when its answer began, but never later than the beginning of the run, or of the run it retries.

    Xero's clock may be ahead. What it changed before the lists were asked for is in them, by any clock.
    """
    if intake.server_time is None:
        return None
    return min(intake.server_time, run.started_at, work.goes_on_from or run.started_at)


def _skipped(integration: Integration, access: PracticeAccess, request: PullRequest, key: str) -> PullResult:
    now = integration.clock()
    with integration.database.write() as session:
        run = start_run(session, access, request, now)
        runs.finish(session, run.id, RunStatus.SKIPPED, reason_key=key, now=now)
        return _recorded(session, run, request, left_out_for(request.entity, key, request.practice), now)


def _recorded(session: Session, run: SyncRun, request: PullRequest, summary: Message, now: datetime) -> PullResult:
    """Record the result in Practice Activity and return it."""
    result = _result(run, summary)
    record(
        session,
        request.practice,
        summary,
        now=now,
        person=request.person,
        flow_run_id=request.flow_run_id,
        run_id=run.id,
        counts=result.counts(),
    )
    return result


def _result_of(integration: Integration, run_id: str) -> PullResult:
    """What an earlier run came to, in the words that Practice Activity has for it."""
    with integration.database.read() as session:
        run = runs.get(session, run_id)
        said = said_of(session, run)
    return _result(run, said or message("sync.done_meanwhile", entity=Entity(run.entity).label))


def _result(run: SyncRun, summary: Message) -> PullResult:
    return PullResult(
        entity=Entity(run.entity),
        status=run.status,
        message=summary,
        run_id=run.id,
        source=run.source_count,
        stored=run.stored_count,
        calls=run.calls,
        bytes=run.bytes,
        predicted_calls=run.predicted_calls,
        predicted_bytes=run.predicted_bytes,
        **{name: getattr(run, name) for name in COUNTS},
    )


def reason_to_leave_out(
    integration: Integration, access: PracticeAccess, request: PullRequest, tax: TaxSource | None
) -> str | None:
    """The words key of the reason why the practice's settings or scopes rule this pull out now, or `None`."""
    with integration.database.read() as session:
        settings = practices.settings_of(session, request.practice)
        by_user = is_user(session, request.practice, request.person)
    return reason_to_skip(
        request.entity,
        request.trigger,
        access.practice,
        settings,
        access.scopes,
        tax_source=tax is not None,
        by_user=by_user,
    )
