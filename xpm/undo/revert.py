"""Taking back what syncs did to a practice's records; needs no connection, since all of it is in the history.

A revert is a run of each entity it touches, so it stands in the history and can be taken back as well.
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

from xpm.account import set_aside
from xpm.activity.authors import author
from xpm.activity.log import record, said_by
from xpm.entities.registry import KINDS, Entity
from xpm.integration import Integration
from xpm.pull.run import LEASE, take_lease
from xpm.pull.work import PullRequest
from xpm.store import leases
from xpm.store.leases import Lease
from xpm.store.pull import finished_lists, runs
from xpm.store.pull.runs import RunCounts
from xpm.store.records import history, reverts
from xpm.store.records.changes import Author
from xpm.store.tables import Practice, SyncRun
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.forgetting import kept_since
from xpm.words import Message, message, stop

NAMED = 20  # records changed since, that a preview names
YEARS = range(1970, 9999)  # in which a sync can have begun; at both ends of the calendar not every time is one in UTC


class RevertRequest(BaseModel):
    """What to take back: the run with this id (of a flow run, or of one entity's sync), or all begun since a moment.

    A moment without a zone is meant by the practice's own clock.
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
    """A record that was changed since."""

    model_config = ConfigDict(frozen=True)

    what: str
    record: str
    by: str
    at: datetime


class RevertPreview(BaseModel):
    """What a revert would do, if the records changed since are left alone, and which these are (the newest few)."""

    model_config = ConfigDict(frozen=True)

    practice: str
    practice_name: str
    run_ids: tuple[str, ...]
    entities: tuple[Entity, ...]
    begun: datetime  # of the first of the runs
    effects: tuple[RevertEffect, ...]
    records: int
    changed_since: int
    named: tuple[LaterChange, ...]

    @property
    def said(self) -> Message:
        """The preview in a sentence."""
        facts = {"practice": self.practice_name, "records": self.records, "changed_since": self.changed_since}
        return message("revert.preview", **facts, runs=len(self.run_ids), begun=_time(self.begun))

    def fingerprint(self, changed_since: WhenChangedSince) -> str:
        """What a person confirmed: this preview, with what to do about records changed since."""
        return sha256(f"{self.model_dump_json()} {changed_since}".encode()).hexdigest()

    def refuse_unasked(self, changed_since: WhenChangedSince) -> None:
        """Raise Stopped where records changed since leave nothing to do, as long as nobody said to overwrite them."""
        stays = changed_since is WhenChangedSince.STOP or (changed_since is WhenChangedSince.KEEP and not self.records)
        if self.changed_since and stays:
            raise stop("revert.changed_since", practice=self.practice_name, count=self.changed_since)


def confirmed_choice(seen: RevertPreview, fingerprint: str) -> WhenChangedSince:
    """What a person who confirmed a preview with this fingerprint chose.

    Raises:
        Stopped: it was another preview.
    """
    for choice in WhenChangedSince:
        if seen.fingerprint(choice) == fingerprint:
            return choice
    raise stop("revert.changed_meanwhile", practice=seen.practice_name)


def by_its_clock(practice: Practice, moment: datetime) -> datetime:
    """The moment, which is meant by the practice's own clock unless it says otherwise.

    Raises:
        Stopped: no sync can have begun then.
    """
    if moment.year not in YEARS:
        raise stop("revert.no_such_time", since=moment.date())
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(practice.time_zone))


def preview(integration: Integration, request: RevertRequest) -> RevertPreview:
    """What would be taken back; nothing is written.

    Raises:
        Stopped: there is no such practice, person, time or run, it is too old, or nothing is left that could be taken
            back.
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
        seen = _preview(session, practice.name, found)
    if not seen.records and not seen.changed_since:
        raise stop("revert.nothing", practice=practice.name)
    return seen


def revert(
    integration: Integration, request: RevertRequest, seen: RevertPreview, changed_since: WhenChangedSince
) -> Message:
    """Take back what was previewed, all of it or nothing, and write it into Practice Activity.

    A retry of the same flow run finds it done and changes nothing.

    Raises:
        Stopped: a sync is running, records were changed since and it was not said what to do with them, the records are
            no longer as the preview saw them, or nothing would be left while a reconnect is under way.
    """
    seen.refuse_unasked(changed_since)
    practice = integration.practice(request.practice)
    with _all_alone(integration, request, seen) as held, integration.database.write() as session:
        if any(leases.renew(session, lease, integration.clock(), LEASE) is None for lease in held):
            raise stop("revert.changed_meanwhile", practice=seen.practice_name)
        if before := _said_before(session, request):
            return before
        found = _chosen(session, practice, request)
        if not found or _preview(session, practice.name, found) != seen:
            raise stop("revert.changed_meanwhile", practice=seen.practice_name)
        done = _take_back(session, integration, request, found, overwrite=changed_since is WhenChangedSince.OVERWRITE)
        said = _said(seen, done)
        now, person, flow_run_id = integration.clock(), request.person, request.flow_run_id
        record(session, request.practice, said, now=now, person=person, flow_run_id=flow_run_id, run_id=done[0].id)
        set_aside.set_aside_if_nothing_is_left(
            session, request.practice, now=now, person=person, flow_run_id=flow_run_id
        )
        return said


def done_before(integration: Integration, request: RevertRequest) -> Message | None:
    """What this flow run said when it was done, if it is retried."""
    with integration.database.read() as session:
        return _said_before(session, request)


def _said_before(session: Session, request: RevertRequest) -> Message | None:
    return said_by(session, request.practice, request.flow_run_id, "revert.done") if request.flow_run_id else None


def _said(seen: RevertPreview, done: Sequence[SyncRun]) -> Message:
    put_back = sum(run.added + run.changed + run.restored + run.archived for run in done)
    facts = {"removed": sum(run.removed for run in done), "put_back": put_back, "runs": len(seen.run_ids)}
    return message("revert.done", practice=seen.practice_name, begun=_time(seen.begun), **facts)


def _take_back(
    session: Session, integration: Integration, request: RevertRequest, found: Sequence[SyncRun], *, overwrite: bool
) -> list[SyncRun]:
    """Take back the runs of each entity under a run of their own.

    Where a practice was moved between two of them, each of its accounts has such a run, so that the next sync of either
    reads everything; what was done stands in that of the latest.
    """
    done, now = [], integration.clock()
    by_entity = sorted(found, key=lambda run: run.entity)
    for entity, of in groupby(by_entity, key=lambda run: run.entity):
        reverted = list(of)
        tenants = dict.fromkeys(run.tenant_id for run in reversed(reverted))
        begun = [_begin(session, request, entity, tenant_id, now) for tenant_id in tenants]
        author = Author(now, begun[0].id, request.person)
        tally = reverts.revert(session, [one.id for one in reverted], author, overwrite=overwrite)
        runs.checkpoint(session, begun[0].id, tally)
        for run in begun:
            finished_lists.forget(session, run)
            done.append(runs.finish(session, run.id, RunStatus.SUCCESS, reason_key="revert.done", now=now))
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
    """That the history has everything these runs did: taking back a part of it would make what never was.

    It is asked of the history, too: it may have been kept for a shorter time before.
    """
    kept, since = history.kept(session, [run.id for run in found]), kept_since(integration)
    did = {run.id: run.added + run.changed + run.archived + run.restored + run.removed for run in found}
    old = [run for run in found if run.started_at < since or kept.get(run.id, 0) < did[run.id]]
    if old:
        facts = {"days": integration.settings.xpm_history_days, "begun": _time(min(run.started_at for run in old))}
        raise stop("revert.too_old", practice=practice.name, **facts)


def _preview(session: Session, practice_name: str, found: Sequence[SyncRun]) -> RevertPreview:
    ids = [run.id for run in found]
    effects = reverts.preview(session, ids, overwrite=False)
    everything = reverts.preview(session, ids, overwrite=True)
    touchable, all_ = (sum(sum(astuple(tally)) for tally in some.values()) for some in (effects, everything))
    return RevertPreview(
        practice=found[0].practice,
        practice_name=practice_name,
        run_ids=tuple(ids),
        entities=tuple(sorted({Entity(run.entity) for run in found})),
        begun=min(run.started_at for run in found),
        effects=tuple(_effect(name, tally) for name, tally in effects.items()),
        records=touchable,
        changed_since=all_ - touchable,
        named=tuple(_touched(session, one) for one in reverts.changed_since(session, ids, NAMED)),
    )


def _effect(table: str, tally: RunCounts) -> RevertEffect:
    return RevertEffect(
        what=KINDS[table].label,
        removed=tally.removed,
        put_back=tally.added + tally.changed,
        current_again=tally.restored,
        archived_again=tally.archived,
    )


def _touched(session: Session, change: reverts.ChangedSince) -> LaterChange:
    by = author(session, change.run_id, change.person)
    return LaterChange(what=KINDS[change.table.name].label, record=change.key, by=by, at=change.at)


def _time(moment: datetime) -> str:
    return f"{moment:%d %B %Y %H:%M} UTC"


@contextmanager
def _all_alone(integration: Integration, request: RevertRequest, seen: RevertPreview) -> Iterator[list[Lease]]:
    """Keep syncs of these entities out meanwhile. Raises Stopped when one is running."""
    with ExitStack() as held:
        taken = []
        for entity in seen.entities:
            sync = PullRequest(request.practice, entity, SyncMode.FULL, SyncTrigger.REVERT, None, request.flow_run_id)
            lease = take_lease(integration, sync)
            held.callback(_release, integration, lease)
            taken.append(lease)
        yield taken


def _release(integration: Integration, lease: Lease) -> None:
    with integration.database.write() as session:
        leases.release(session, lease)
