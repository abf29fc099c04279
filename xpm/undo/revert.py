"""Takes back what syncs did to a practice's records. Needs no connection, since the history holds all of it.

A revert is a run of each entity it touches, so it is in the history itself and can be taken back as well.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action
from xpm.account import set_aside
from xpm.activity.authors import author
from xpm.activity.log import record, said_by
from xpm.entities.names import Entity
from xpm.entities.registry import KINDS
from xpm.integration import Integration
from xpm.pull.turn import turn
from xpm.pull.work import PullRequest
from xpm.push.after_revert import edited_fields, follow_revert
from xpm.store import leases
from xpm.store.leases import Lease
from xpm.store.pull import finished_lists, runs
from xpm.store.pull.runs import RunCounts
from xpm.store.push.edits import EditAct
from xpm.store.records import history, identity, leftovers, reverts
from xpm.store.records.changes import Author
from xpm.store.records.rows import Scope
from xpm.store.tables import Practice, SyncRun
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger, Topic
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.forgetting import kept_since
from xpm.words import Message, message, stop
from xpm.words.moments import moment_in

OPERATOR = "an operator"
NAMED = 20  # records changed since, that a preview names
YEARS = range(1970, 9999)  # in which a sync can have begun; nearer the calendar's ends, some times have none in UTC


class RevertRequest(BaseModel):
    """What to take back: one run, by the id of its flow run or of one entity's run, or all runs begun since a moment.

    A moment without a zone is in the practice's time zone.
    """

    model_config = ConfigDict(frozen=True)

    practice: str
    run: str = ""
    since: datetime | None = None
    person: str | None = None
    flow_run_id: str | None = None


class RevertEffect(BaseModel):
    """What would happen to the records of one kind."""

    model_config = ConfigDict(frozen=True)

    what: str
    removed: int
    put_back: int
    current_again: int
    archived_again: int


class LaterChange(BaseModel):
    """A record that was changed after the runs to take back."""

    model_config = ConfigDict(frozen=True)

    what: str
    record: str
    by: str
    at: datetime


class RevertPreview(BaseModel):
    """What a revert would do if it leaves records changed since alone; `named` lists the newest few of those.

    `edited`: the fields of all these records that people edited in FYI. XPM gets the former value of each that is taken
    back.
    """

    model_config = ConfigDict(frozen=True)

    practice: str
    practice_name: str
    time_zone: str
    run_ids: tuple[str, ...]
    entities: tuple[Entity, ...]
    begun: datetime  # of the first of the runs
    effects: tuple[RevertEffect, ...]
    records: int
    changed_since: int
    named: tuple[LaterChange, ...]
    edited: int

    @property
    def message(self) -> Message:
        """The preview as a message."""
        facts = {"practice": self.practice_name, "records": self.records, "changed_since": self.changed_since}
        facts |= {"runs": len(self.run_ids), "edited": self.edited}
        key = "revert.preview_edited" if self.edited else "revert.preview"
        return message(key, begun=moment_in(self.begun, self.time_zone), **facts)

    def fingerprint(self, changed_since: WhenChangedSince) -> str:
        """The hash of what a person confirms: this preview, and what to do with records changed since."""
        return sha256(f"{self.model_dump_json()} {changed_since}".encode()).hexdigest()

    def refuse_unasked(self, changed_since: WhenChangedSince) -> None:
        """Raise Stopped if records were changed since and the choice is to stop, or to keep them with nothing left."""
        stays = changed_since is WhenChangedSince.STOP or (changed_since is WhenChangedSince.KEEP and not self.records)
        if self.changed_since and stays:
            raise stop("revert.changed_since", practice=self.practice_name, count=self.changed_since)


def confirmed_choice(seen: RevertPreview, fingerprint: str) -> WhenChangedSince:
    """The choice of the person who confirmed a preview with this fingerprint.

    Raises:
        Stopped: the fingerprint is of another preview.
    """
    for choice in WhenChangedSince:
        if seen.fingerprint(choice) == fingerprint:
            return choice
    raise stop("revert.changed_meanwhile", practice=seen.practice_name)


def by_its_clock(practice: Practice, moment: datetime) -> datetime:
    """The moment with its zone; without one, it is in the practice's time zone.

    Raises:
        Stopped: no sync can have begun at that time.
    """
    if moment.year not in YEARS:
        raise stop("revert.no_such_time", since=moment.date())
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(practice.time_zone))


def preview(integration: Integration, request: RevertRequest) -> RevertPreview:
    """Find what would be taken back, without writing anything.

    Raises:
        Stopped: no such practice, person, time or run; the run is too old; or nothing is left to take back.
    """
    practice = integration.practice(request.practice)
    if bool(request.run) == (request.since is not None):
        raise stop("revert.choose_one")
    if request.person:
        integration.require_known(practice, request.person)
    with integration.database.read() as session:
        found = _chosen(session, practice, request)
        if not found:
            raise stop("revert.no_run", practice=practice.name)
        _require_all_kept(session, integration, practice, found)
        seen = _preview(session, practice, found)
    if not seen.records and not seen.changed_since:
        raise stop("revert.nothing", practice=practice.name)
    return seen


def revert(
    integration: Integration, request: RevertRequest, seen: RevertPreview, changed_since: WhenChangedSince
) -> Message:
    """Take back everything that was previewed, or nothing, and record it in Practice Activity.

    A retry of the same flow run finds the revert done and changes nothing.

    Raises:
        Stopped: a sync is running; records were changed since and nobody said what to do with them; the records are no
            longer as previewed; or no record would be left while a reconnect is under way.
    """
    seen.refuse_unasked(changed_since)
    practice = integration.practice(request.practice)
    with _holding_leases(integration, request, seen) as held, integration.database.write() as session:
        if not all(leases.renew(session, lease, integration.shared_time(session)) for lease in held):
            raise stop("revert.changed_meanwhile", practice=seen.practice_name)
        if earlier := _earlier_message(session, request):
            return earlier
        found = _chosen(session, practice, request)
        if not found or _preview(session, practice, found) != seen:
            raise stop("revert.changed_meanwhile", practice=seen.practice_name)
        now, person, flow_run_id = integration.clock(), request.person, request.flow_run_id
        edited = edited_fields(session, [run.id for run in found])
        done = _take_back(session, integration, request, found, overwrite=changed_since is WhenChangedSince.OVERWRITE)
        summary = _summary(seen, done, follow_revert(session, edited, EditAct(done[0].id, person or OPERATOR, now)))
        record(
            session,
            request.practice,
            summary,
            now=now,
            topic=Topic.REVERTED,
            person=person,
            flow_run_id=flow_run_id,
            run_id=done[0].id,
        )
        set_aside.set_aside_if_nothing_is_left(
            session, request.practice, now=now, person=person, flow_run_id=flow_run_id
        )
        actor = Actor(ActorKind.RUN, flow_run_id=flow_run_id, named=person)
        taken = ", ".join(sorted({run.flow_run_id or run.id for run in found}))
        audit.record(
            session,
            integration,
            actor,
            Action.REVERT,
            now=now,
            practice=request.practice,
            resource=taken,
            detail=summary.key,
        )
        return summary


def done_before(integration: Integration, request: RevertRequest) -> Message | None:
    """The message of this flow run's revert, if an earlier attempt has done it."""
    with integration.database.read() as session:
        return _earlier_message(session, request)


def _earlier_message(session: Session, request: RevertRequest) -> Message | None:
    return said_by(session, request.practice, request.flow_run_id, Topic.REVERTED) if request.flow_run_id else None


def _summary(seen: RevertPreview, done: Sequence[SyncRun], edits: int) -> Message:
    put_back = sum(run.added + run.changed + run.restored + run.archived for run in done)
    facts: dict[str, object] = {"removed": sum(run.removed for run in done), "put_back": put_back}
    facts["runs"] = len(seen.run_ids)
    facts |= {"practice": seen.practice_name, "begun": moment_in(seen.begun, seen.time_zone)}
    return message("revert.done_and_sent", edits=edits, **facts) if edits else message("revert.done", **facts)


def _take_back(
    session: Session, integration: Integration, request: RevertRequest, found: Sequence[SyncRun], *, overwrite: bool
) -> list[SyncRun]:
    """Take back the runs of each entity, under a new run for each entity.

    If the practice moved to another account between these runs, each account gets a new run, so that its next sync
    reads everything. The counts are in the new run of the latest account.
    """
    done, now = [], integration.clock()
    for entity, of in groupby(found, key=lambda run: run.entity):
        reverted = list(of)
        tenants = dict.fromkeys(run.tenant_id for run in reversed(reverted))
        begun = [_begin(session, request, entity, tenant_id, now) for tenant_id in tenants]
        author = Author(now, begun[0].id, request.person)
        tally = reverts.revert(session, [one.id for one in reverted], author, overwrite=overwrite)
        runs.checkpoint(session, begun[0].id, tally)
        for run in begun:
            finished_lists.forget(session, run)
            done.append(runs.finish(session, run.id, RunStatus.SUCCESS, reason_key="revert.done", now=now))
    leftovers.forget_without_records(session, request.practice)
    for tenant_id in {run.tenant_id for run in found}:
        leftovers.forget_account(session, Scope(request.practice, tenant_id))
    return done


def _begin(session: Session, request: RevertRequest, entity: str, tenant_id: str, now: datetime) -> SyncRun:
    return runs.start(
        session,
        practice=request.practice,
        tenant_id=tenant_id,
        entity=entity,
        mode=SyncMode.FULL,
        trigger=SyncTrigger.REVERT,
        person=request.person,
        flow_run_id=request.flow_run_id,
        now=now,
    )


def _chosen(session: Session, practice: Practice, request: RevertRequest) -> list[SyncRun]:
    if request.since:
        return runs.begun_since(session, practice.slug, by_its_clock(practice, request.since))
    return runs.named(session, practice.slug, request.run)


def _require_all_kept(session: Session, integration: Integration, practice: Practice, found: Sequence[SyncRun]) -> None:
    """Raise Stopped unless the history holds everything these runs did: a partial revert makes a state that never was.

    Age is not enough to tell, since history may have been kept for a shorter time before. So the changes are counted.
    Nor does age forbid it while older changes are kept: a run may only seem old, if a clock was wrong when it began.
    """
    ids, since = [run.id for run in found], kept_since(integration)
    kept, untouched = history.kept(session, ids), history.untouched(session, ids)
    did = {run.id: run.added + run.changed + run.archived + run.restored + run.removed for run in found}
    over_age = {run.id for run in found if run.started_at < since and run.id not in untouched}
    old = [run for run in found if run.id in over_age or kept.get(run.id, 0) < did[run.id]]
    if old:
        facts = {
            "days": integration.settings.xpm_history_days,
            "begun": moment_in(min(run.started_at for run in old), practice.time_zone),
        }
        raise stop("revert.too_old", practice=practice.name, **facts)


def _preview(session: Session, practice: Practice, found: Sequence[SyncRun]) -> RevertPreview:
    ids = [run.id for run in found]
    effects = reverts.preview(session, ids, overwrite=False)
    everything = reverts.preview(session, ids, overwrite=True)
    touchable, all_ = (sum(sum(astuple(tally)) for tally in some.values()) for some in (effects, everything))
    return RevertPreview(
        practice=found[0].practice,
        practice_name=practice.name,
        time_zone=practice.time_zone,
        run_ids=tuple(ids),
        entities=tuple(sorted({Entity(run.entity) for run in found})),
        begun=min(run.started_at for run in found),
        effects=tuple(_effect(name, tally) for name, tally in effects.items()),
        records=touchable,
        changed_since=all_ - touchable,
        named=tuple(_touched(session, found[0].practice, one) for one in reverts.changed_since(session, ids, NAMED)),
        edited=len(edited_fields(session, ids)),
    )


def _effect(table: str, tally: RunCounts) -> RevertEffect:
    return RevertEffect(
        what=KINDS[table].label,
        removed=tally.removed,
        put_back=tally.added + tally.changed,
        current_again=tally.restored,
        archived_again=tally.archived,
    )


def _touched(session: Session, practice: str, change: reverts.ChangedSince) -> LaterChange:
    by = author(session, change.run_id, change.person)
    scope = Scope(practice, change.tenant_id)
    (record,) = identity.numbers_of(session, change.table, scope, [change.key]).values()
    return LaterChange(what=KINDS[change.table.name].label, record=record, by=by, at=change.at)


@contextmanager
def _holding_leases(integration: Integration, request: RevertRequest, seen: RevertPreview) -> Iterator[list[Lease]]:
    """Hold the leases of these entities, so that no sync of them starts. Raises Stopped if one is running."""
    with ExitStack() as held:
        yield [held.enter_context(turn(integration, _as_pull(request, entity))) for entity in seen.entities]


def _as_pull(request: RevertRequest, entity: Entity) -> PullRequest:
    return PullRequest(request.practice, entity, SyncMode.FULL, SyncTrigger.REVERT, None, request.flow_run_id)
