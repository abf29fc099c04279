"""Whose turn it is: only one run of a practice's entity at a time, and others wait for it or join it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.leasing import StillHeld, Waiter, holding, nobody_knows
from xpm.pull.work import PullRequest
from xpm.store import leases
from xpm.store.leases import Lease
from xpm.store.pull import runs
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.words import Message, Stopped, message
from xpm.words.moments import time_in

PATIENCE = 30 * 60.0
"""Seconds that a sync waits for another run of its entity: most are over by then, and what goes on longer brings what
this sync would have brought."""

OF_PEOPLE_WHO_WATCH = frozenset({SyncTrigger.REVERT, SyncTrigger.REPLAY})
"""What a person watches and can ask for again. It waits only to find out whether the other run is alive."""

IMPATIENCE = 2 * leases.DEAD_AFTER.total_seconds()


class AlreadyRunning(Stopped):
    """Another run of the entity is going on: that of `flow_run_id`, or one that no flow started."""

    def __init__(self, reason: Message, flow_run_id: str | None) -> None:
        super().__init__(reason)
        self.args = (reason, flow_run_id)  # unpickling calls the class with these
        self.flow_run_id = flow_run_id


class DoneMeanwhile(Exception):
    """The run that this one waited for has done all that this one was asked for."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self.run_id = run_id


def _silent(_said: Message, _flow_run_id: str | None) -> None:
    return None


@dataclass(frozen=True)
class Others:
    """What the caller knows of other runs, and how it shows that this one waits.

    `is_over`: whether a flow run has ended, however it ended, so that its program cannot be at work. `show_wait` gets
    the sentence, once, and the flow run that is waited for.
    """

    is_over: Callable[[str], bool] = nobody_knows
    show_wait: Callable[[Message, str | None], None] = _silent


@contextmanager
def turn(integration: Integration, request: PullRequest, others: Others | None = None) -> Iterator[Lease]:
    """Hold the lease of a practice's entity while the block runs. Waits for another run of it.

    Raises:
        AlreadyRunning: another run is alive and did not end in time.
        DoneMeanwhile: another run did what is asked for.
    """
    lease, awaited = _take(integration, request, others or Others())
    with holding(integration, lease):
        if awaited is not None:
            _require_undone(integration, request, awaited)
        yield lease


def running_now(session: Session, practice: str, entity: Entity, now: datetime) -> SyncRun | None:
    """The entity's run that is going on now. A killed run counts as running for `leases.DEAD_AFTER`."""
    held = leases.find(session, _lease_name(practice, entity))
    return _unfinished(session, practice, entity) if held and held.is_alive(now) else None


def _take(integration: Integration, request: PullRequest, others: Others) -> tuple[Lease, str | None]:
    """Take the lease; return it with the id of the run that was waited for, if any."""
    patience = IMPATIENCE if request.trigger in OF_PEOPLE_WHO_WATCH else PATIENCE
    name, holder = _lease_name(request.practice, request.entity), request.flow_run_id or str(uuid.uuid4())
    waiter = Waiter(integration, name, holder, patience=patience, is_over=others.is_over)
    awaited: SyncRun | None = None
    is_first_look = True
    while (lease := waiter.ask()) is None:
        awaited = awaited or _run_under_way(integration, request)
        if is_first_look:
            others.show_wait(_waiting(integration, request.entity, awaited), awaited.flow_run_id if awaited else None)
            is_first_look = False
        try:
            waiter.wait()
        except StillHeld:
            raise _already_running(integration, request, awaited) from None
    return lease, awaited.id if awaited else None


def _require_undone(integration: Integration, request: PullRequest, run_id: str) -> None:
    with integration.database.read() as session:
        if _covers(runs.get(session, run_id), request):
            raise DoneMeanwhile(run_id)


def _covers(run: SyncRun, request: PullRequest) -> bool:
    """Whether a run that has ended did everything that is asked for, at least as thoroughly."""
    asks_for_more = request.records or request.confirm_missing or request.trigger in OF_PEOPLE_WHO_WATCH
    read_all = run.trigger not in OF_PEOPLE_WHO_WATCH and run.reason_key not in runs.OF_A_PART
    ended = run.status in (RunStatus.SUCCESS, RunStatus.ACTION_REQUIRED)
    return ended and read_all and not asks_for_more and run.mode in (request.mode, SyncMode.FULL)


def _run_under_way(integration: Integration, request: PullRequest) -> SyncRun | None:
    with integration.database.read() as session:
        return _unfinished(session, request.practice, request.entity)


def _unfinished(session: Session, practice: str, entity: Entity) -> SyncRun | None:
    """The newest run that has not ended."""
    return next(iter(runs.unfinished(session, practice, entity)), None)


def _waiting(integration: Integration, entity: Entity, run: SyncRun | None) -> Message:
    return message("sync.waiting", entity=entity.label, since=_since(integration, run), run=_where(integration, run))


def _already_running(integration: Integration, request: PullRequest, run: SyncRun | None) -> AlreadyRunning:
    flow_run_id = run.flow_run_id if run else None
    facts = {"entity": request.entity.label, "since": _since(integration, run), "minutes": round(PATIENCE / 60)}
    facts["link"] = _where(integration, run)
    if request.trigger in OF_PEOPLE_WHO_WATCH:
        key = "sync.already_running" if flow_run_id else "sync.already_running_elsewhere"
    else:
        key = "sync.still_running" if flow_run_id else "sync.still_running_elsewhere"
    return AlreadyRunning(message(key, **facts), flow_run_id)


def _since(integration: Integration, run: SyncRun | None) -> str:
    if run is None:
        return "a moment ago"
    return time_in(run.started_at, integration.practice(run.practice).time_zone)


def _where(integration: Integration, run: SyncRun | None) -> str:
    if run is None or run.flow_run_id is None:
        return "a program of this installation"
    return f"{integration.settings.xpm_console_url}/runs/{run.flow_run_id}"


def _lease_name(practice: str, entity: Entity) -> str:
    return f"sync/{practice}/{entity}"
