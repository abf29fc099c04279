"""The outcome of a pull: its counts, and the message that sums it up.

A run never looks better than it was: the message reports the worst thing that happened.
"""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from xpm.entities.entity import is_drop
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.pull.plans.plan import AnyIntake
from xpm.pull.plans.values import ValuesCompared
from xpm.pull.work import PullRequest
from xpm.store.pull import runs
from xpm.store.records.rows import Scope
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncTrigger
from xpm.words import Message, Stopped, message

COUNTS = ("added", "changed", "unchanged", "restored", "archived", "quarantined", "partly_read")
"""The counts of records that a run keeps."""

NAMED_RECORDS = 5  # unreadable records that a message names; the list of records set aside has the rest


class Counts(BaseModel):
    """How a pull or a dry run of one entity ended: its counts, in records, and the message that sums it up."""

    model_config = ConfigDict(frozen=True)

    entity: Entity
    status: RunStatus
    message: Message
    source: int | None = None  # None where the run did not see everything
    stored: int | None = None
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    restored: int = 0
    archived: int = 0
    quarantined: int = 0
    partly_read: int = 0
    calls: int = 0
    bytes: int = 0


class PullResult(Counts):
    """How a pull ended."""

    run_id: str
    predicted_calls: int | None = None  # None if there was nothing to predict from
    predicted_bytes: int | None = None

    def raise_for_attention(self) -> None:
        """Raise `Stopped` if an administrator has to act, so that the run does not look like a success."""
        if self.status is RunStatus.ACTION_REQUIRED:
            raise Stopped(self.message, recorded=True)

    def counts(self) -> dict[str, int]:
        """The counts by name, for Practice Activity, without those that were not counted."""
        counted = self.model_dump(exclude={"entity", "status", "message", "run_id"}, exclude_none=True)
        return {name: count for name, count in counted.items() if isinstance(count, int)}


def summed_up(
    entity: Entity,
    counts: Mapping[str, int],
    sides: tuple[int | None, int | None],
    intake: AnyIntake,
    compared: ValuesCompared | None,
    *,
    before: int | None,
) -> Message:
    """The worst thing that happened in a run.

    `sides`: how many records XPM and FYI have, if the run saw everything. `before`: how many XPM had at the last
    successful full pull, if it has suddenly dropped.
    """
    source, stored = sides
    facts: dict[str, object] = {**counts, "entity": entity.label, "source": source, "stored": stored}
    if intake.suspicion:
        facts |= {"entity": intake.suspicion.what}
        facts |= {"missing": intake.suspicion.missing, "stored": intake.suspicion.stored}
        return message(intake.suspicion.grounds, **facts)
    if before is not None:
        return message("sync.sudden_drop", before=before, **facts)
    if counts["quarantined"]:
        return _of_set_aside(intake, facts)
    if source != stored:
        return message("sync.counts_differ", **facts)
    is_of_a_part = intake.chosen or (compared.chosen if compared else DEFINITIONS[entity].counts_answers)
    if counts["partly_read"] and not (intake.chosen and intake.chosen.unknown):
        named = sorted(intake.partly_read)[:NAMED_RECORDS]
        key = "sync.chosen_partly_read" if is_of_a_part else "sync.partly_read"
        return message(key, records=", ".join(named) or "see the records set aside", **facts)
    said = _of_success(entity, intake, compared, facts)
    is_all = said.status is not ActivityStatus.SUCCESS or not intake.not_covered
    key = "sync.chosen_without_parts" if is_of_a_part else "sync.without_parts"
    return said if is_all else message(key, parts=named_parts(intake), result=said.cause, **facts)


def named_parts(intake: AnyIntake) -> str:
    """What a run left out because no scope of the Xero app covers it, as a sentence names it."""
    return ", ".join(part.lower() for part in intake.not_covered)


def _of_set_aside(intake: AnyIntake, facts: Mapping[str, object]) -> Message:
    """The message about records that were set aside. Of chosen ones it gives the reasons, since somebody waits."""
    first = intake.unreadable[:NAMED_RECORDS]
    if chosen := intake.chosen:
        reasons = "; ".join(f"{one.name or 'one without a key'} ({one.reason.rstrip('.')})" for one in first)
        return message("sync.chosen_set_aside", of=chosen.of, done=chosen.done, reasons=reasons, **facts)
    named = [record.name or "one without a key" for record in first]
    return message("sync.not_all_read", records=", ".join(named) or "see the records set aside", **facts)


def _of_success(
    entity: Entity, intake: AnyIntake, compared: ValuesCompared | None, facts: Mapping[str, object]
) -> Message:
    """How far a run got in which nothing went wrong."""
    if intake.chosen:
        chosen = {"of": intake.chosen.of, "done": intake.chosen.done, "unknown": ", ".join(intake.chosen.unknown)}
        return message("sync.records_unknown" if intake.chosen.unknown else "sync.records_chosen", **chosen, **facts)
    if compared:
        return _of_chosen(compared, facts) if compared.chosen else _of_values(compared, facts)
    if DEFINITIONS[entity].counts_answers:
        return message("sync.definitions_alone", **facts)
    if verified := intake.partly_verified:
        since = f"{verified.since:%d %B %Y}"
        return message("sync.jobs_partly", done=verified.done, of=verified.of, since=since, **facts)
    if intake.left_out:
        return message("sync.archived_left_out", left_out=intake.left_out, **facts)
    return message("sync.succeeded", **facts)


def _of_values(compared: ValuesCompared, facts: Mapping[str, object]) -> Message:
    """How many owners' values were compared, of those that were due."""
    if not compared.of:
        return message("sync.values_none", **facts)
    whole = "sync.values_changed" if compared.changes_only else "sync.values_compared"
    key = whole if compared.done == compared.of else "sync.values_partly"
    return message(key, **asdict(compared), **facts)


def _of_chosen(compared: ValuesCompared, facts: Mapping[str, object]) -> Message:
    """The message for chosen records. It names those that were not found."""
    named = ", ".join(compared.unknown)
    key = "sync.values_unknown" if compared.unknown else "sync.values_chosen"
    return message(key, **{**asdict(compared), "unknown": named}, **facts)


def status_of(summary: Message) -> RunStatus:
    """The status of a run that this message sums up."""
    is_well = summary.status in {ActivityStatus.SUCCESS, ActivityStatus.ALERT}  # an alert says that all was stored
    return RunStatus.SUCCESS if is_well else RunStatus.ACTION_REQUIRED


def dropped_from(session: Session, scope: Scope, request: PullRequest, source: int | None) -> int | None:
    """How many records XPM had at the last successful full pull, if it now has far fewer (`source`); `None` otherwise.

    A person confirms the new count by asking for the sync again after a run that stopped at it, or by confirming that
    this many records are missing.
    """
    if source is None:
        return None
    before = runs.last_count(session, scope, request.entity)
    if before is None:
        return None
    tolerated = DEFINITIONS[request.entity].main.tolerates(before)
    if not is_drop(before, source, max(tolerated, request.confirm_missing)):
        return None
    last = runs.last_finished(session, scope.practice, scope.tenant_id, request.entity)
    is_confirmed = request.trigger is SyncTrigger.MANUAL and _stopped_at_a_drop(last, before, tolerated)
    return None if is_confirmed else before


def _stopped_at_a_drop(run: SyncRun | None, before: int, tolerated: int) -> bool:
    """Whether this run stored all that it saw, which was so little that a person was asked to look.

    A run that archived nothing, because too many records were missing, has more in FYI than XPM has.
    """
    if run is None or run.status is not RunStatus.ACTION_REQUIRED:
        return False
    if run.source_count is None or run.stored_count is None or run.stored_count > run.source_count:
        return False
    return is_drop(before, run.source_count, tolerated)
