"""One sync of one entity, from the question whether it may run to the sentence that sums it up."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlmodel import Session

from xpm.activity.log import record
from xpm.consent.access import PracticeAccess, practice_access
from xpm.entities.gates import reason_to_skip
from xpm.entities.registry import Entity
from xpm.integration import Integration
from xpm.pull.drop import dropped_from
from xpm.pull.field_values import ValuesCompared
from xpm.pull.plans import AnyIntake, carry_out
from xpm.pull.result import PullResult
from xpm.pull.tax import source_of
from xpm.pull.work import PullRequest, Run, start_run, working
from xpm.quota.parking import priority_of
from xpm.quota.prediction import predict
from xpm.quota.progress import Progress, unwatched
from xpm.store import practices
from xpm.store.pull import finished_lists, runs
from xpm.store.records import bulk
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import ActivityStatus, RunStatus
from xpm.words import Message, message
from xpm.xero.tax import TaxSource

COUNTS = ("added", "changed", "unchanged", "restored", "archived", "quarantined")
"""What a run counts of its records."""

NAMED_RECORDS = 5  # unreadable records that a message names; the rest is in the list of records set aside


def run_pull(integration: Integration, request: PullRequest, progress: Progress = unwatched) -> PullResult:
    """Bring one entity of one practice in step, and write its result into Practice Activity.

    Safe to repeat: what is in step already is not written again.

    Raises:
        Stopped: unknown practice, no usable connection, or the entity is being synchronised already.
        XeroError: Xero did not answer as it should; whole batches that arrived are kept, nothing was archived.
    """
    priority = priority_of(request.trigger, request.mode, request.entity)
    with practice_access(integration, request.practice, priority) as access:
        tax = source_of(integration, access)
        if key := reason_to_leave_out(integration, access, request, tax):
            return _skipped(integration, access, request, key)
        of = (access.practice, access.tenant_id, request.entity, request.mode)
        predicted = predict(integration, *of, chosen=len(request.records))
        with working(integration, access, request, predicted, progress) as work:
            return _finish(work, *carry_out(work, tax))


def _finish(work: Run, intake: AnyIntake, compared: ValuesCompared | None) -> PullResult:
    """Count both sides, sum up, and write the run's end and its entry in one transaction."""
    request, now = work.request, work.integration.clock()
    with work.commit() as session:
        run = runs.get(session, work.run_id)
        if intake.complete:
            run.source_count = intake.source_count()
            run.stored_count = bulk.count_present(session, intake.table, work.scope)
        counts = {name: getattr(run, name) for name in COUNTS}
        before = dropped_from(session, work.scope, request, intake.known_count())
        said = summed_up(request.entity, counts, (run.source_count, run.stored_count), intake, compared, before=before)
        status = status_of(said)
        finished_lists.forget(session, run)
        watermark = intake.server_time if status is RunStatus.SUCCESS else None
        runs.finish(session, run.id, status, reason_key=said.key, watermark=watermark, now=now)
        return _recorded(session, run, request, said, now)


def summed_up(
    entity: Entity,
    counts: Mapping[str, int],
    sides: tuple[int | None, int | None],
    intake: AnyIntake,
    compared: ValuesCompared | None,
    *,
    before: int | None,
) -> Message:
    """The least favourable thing that is true of a run.

    `sides`: how many XPM has, and FYI, if all were seen; `before`: how many it had, where that is a sudden drop.
    """
    source, stored = sides
    facts: dict[str, object] = {**counts, "entity": entity.label, "source": source, "stored": stored}
    if intake.suspicion:
        facts |= {"entity": intake.suspicion.what}
        facts |= {"missing": intake.suspicion.missing, "stored": intake.suspicion.stored}
        return message("sync.too_many_missing", **facts)
    if before is not None:
        return message("sync.sudden_drop", before=before, **facts)
    if counts["quarantined"]:
        named = [record.key or "one without a key" for record in intake.unreadable[:NAMED_RECORDS]]
        return message("sync.not_all_read", records=", ".join(named) or "see the records set aside", **facts)
    if source != stored:
        return message("sync.counts_differ", **facts)
    return _of_success(intake, compared, facts)


def _of_success(intake: AnyIntake, compared: ValuesCompared | None, facts: Mapping[str, object]) -> Message:
    """How far a run came in which nothing went wrong."""
    if compared and compared.chosen:
        return _of_chosen(compared, facts)
    if compared:
        key = "sync.values_compared" if compared.done == compared.of else "sync.values_partly"
        return message(key, **asdict(compared), **facts)
    if intake.partly:
        since = f"{intake.partly.since:%d %B %Y}"
        return message("sync.jobs_partly", done=intake.partly.done, of=intake.partly.of, since=since, **facts)
    if intake.left_out:
        return message("sync.archived_left_out", left_out=intake.left_out, **facts)
    return message("sync.succeeded", **facts)


def _of_chosen(compared: ValuesCompared, facts: Mapping[str, object]) -> Message:
    """What there is to say of chosen records; one that was not found is nothing to keep quiet about."""
    named = ", ".join(compared.unknown)
    key = "sync.values_unknown" if compared.unknown else "sync.values_chosen"
    return message(key, **{**asdict(compared), "unknown": named}, **facts)


def status_of(said: Message) -> RunStatus:
    """How a run ends of which this is said."""
    return RunStatus.SUCCESS if said.status is ActivityStatus.SUCCESS else RunStatus.ACTION_REQUIRED


def _skipped(integration: Integration, access: PracticeAccess, request: PullRequest, key: str) -> PullResult:
    now = integration.clock()
    with integration.database.write() as session:
        run = start_run(session, access, request, now)
        runs.finish(session, run.id, RunStatus.SKIPPED, reason_key=key, now=now)
        return _recorded(session, run, request, message(key, practice=request.practice), now)


def _recorded(session: Session, run: SyncRun, request: PullRequest, said: Message, now: datetime) -> PullResult:
    """The result, with its entry in Practice Activity."""
    result = PullResult(
        entity=request.entity,
        status=run.status,
        message=said,
        run_id=run.id,
        source=run.source_count,
        stored=run.stored_count,
        calls=run.calls,
        bytes=run.bytes,
        predicted_calls=run.predicted_calls,
        predicted_bytes=run.predicted_bytes,
        **{name: getattr(run, name) for name in COUNTS},
    )
    by = {"person": request.person, "flow_run_id": request.flow_run_id}
    record(session, request.practice, said, now=now, run_id=run.id, counts=result.counts(), **by)
    return result


def reason_to_leave_out(
    integration: Integration, access: PracticeAccess, request: PullRequest, tax: TaxSource | None
) -> str | None:
    """The words key of the reason why this is not synchronised now, by the practice's settings, or `None`."""
    with integration.database.read() as session:
        settings = practices.settings_of(session, request.practice)
    return reason_to_skip(request.entity, request.trigger, access.practice, settings, tax_source=tax is not None)
