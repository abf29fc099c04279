"""Empties a practice's queue of edits: one record after the other, the most urgent first.

One push of a practice at a time holds its lease. Whatever ends it, the next one goes on: what was queued is still
queued, and of what was being sent XPM is asked first.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from xpm.consent.access import practice_access
from xpm.entities.names import Noun
from xpm.entities.registry import PUSHED
from xpm.integration import Integration
from xpm.leasing import StillHeld, Waiter, holding, nobody_knows
from xpm.push.asks import Record
from xpm.push.naming import Names
from xpm.push.placing import WAITING, noun_of, waiting_of
from xpm.push.pushing import Push
from xpm.push.sending import Sending, endpoint_of, not_covered
from xpm.quota.parking import resumes_at
from xpm.store import leases
from xpm.store.leases import Lease
from xpm.store.push import calls, edits, transitions
from xpm.store.records.identity import numbers_of
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import UNDECIDED, CallPriority, EditState
from xpm.words import stop
from xpm.xero.errors import DayLimit, Refused, UnreadableAnswer, XeroError, XeroUnavailable

PATIENCE = 2 * leases.DEAD_AFTER.total_seconds()
"""Seconds to wait for another push of the practice: it sends what this one would send, unless it is dead."""

MOST_FAILURES = 3
"""So many records in a row for which Xero fails end a push: it is Xero, not they."""

FEW = 50
"""An act that edits more records than this goes after what others wait for."""


@dataclass(frozen=True)
class Drained:
    """What a push came to, in edits.

    `named` are the fields of those that were refused or in conflict; `undecided` counts those of earlier pushes too.
    `resumes_at`: the day's calls are used up, and the rest is sent then. `paused` are endpoints that refused several
    calls in a row. To those that the consent's scopes do not cover (`not_covered`) nothing is sent either.
    `failed` is why XPM did not answer for some records, whose edits wait.
    """

    sent: int = 0
    confirmed: int = 0
    refused: int = 0
    conflicts: int = 0
    named: Sequence[str] = field(default=())
    waiting: int = 0
    undecided: int = 0
    calls: int = 0
    resumes_at: datetime | None = None
    paused: Sequence[str] = field(default=())
    not_covered: Sequence[str] = field(default=())
    failed: XeroError | None = None

    @property
    def did_something(self) -> bool:
        """Whether any edit was sent or ended."""
        return bool(self.sent or self.confirmed or self.refused or self.conflicts)

    @property
    def is_held_up(self) -> bool:
        """Whether edits wait for something that has to happen first."""
        return bool(self.waiting and (self.paused or self.not_covered or self.resumes_at or self.failed))


def drain(
    integration: Integration,
    slug: str,
    *,
    flow_run_id: str | None = None,
    is_over: Callable[[str], bool] = nobody_knows,
) -> Drained:
    """Send what is queued. A practice without edits costs no call.

    `is_over`: whether a flow run has ended, so that its program cannot be at work.

    Raises:
        Stopped: this installation sends no edits, there is no usable connection, or another push of the practice goes
            on.
        XeroError: Xero failed for several records in a row; what was not sent stays queued.
    """
    if not integration.settings.xpm_push:
        raise stop("push.switched_off")
    with practice_access(integration, slug) as access:
        lease = _take(integration, slug, flow_run_id or str(uuid.uuid4()), is_over)
        with holding(integration, lease):
            return _drain(Push(integration, access, lease, flow_run_id))


def _take(integration: Integration, slug: str, holder: str, is_over: Callable[[str], bool]) -> Lease:
    waiter = Waiter(integration, f"push/{slug}", holder, patience=PATIENCE, is_over=is_over)
    while (lease := waiter.ask()) is None:
        try:
            waiter.wait()
        except StillHeld:
            raise stop("push.under_way", practice=integration.practice(slug).name) from None
    return lease


def _drain(push: Push) -> Drained:
    before = _newest_transition(push)
    limit: DayLimit | None = None
    failures = Failures()
    try:
        _lift_what_is_over(push)
        _send_all(push, failures)
    except DayLimit as reached:
        limit = reached
    return _result(push, before, limit, failures.last)


@dataclass
class Failures:
    """What Xero could not do for single records. The others do not wait for them, unless Xero fails altogether.

    The next push begins with the others, so that a few records for which Xero always fails hold up nothing.
    """

    last: XeroError | None = None
    in_a_row: int = 0

    @contextmanager
    def set_aside(self, push: Push, record: Record) -> Iterator[None]:
        """Go on after a failure that may be about this record alone; raise it if the records before failed as well."""
        try:
            yield
        except (XeroUnavailable, UnreadableAnswer, Refused) as error:
            _note_failure(push, record)
            self.last, self.in_a_row = error, self.in_a_row + 1
            if self.in_a_row >= MOST_FAILURES:
                raise
        else:
            self.in_a_row = 0


def _note_failure(push: Push, record: Record) -> None:
    with push.commit_holding(record) as session:
        for edit in waiting_of(session, push.scope, record.noun, record.key):
            edits.note_failure(session, edit, now=push.integration.clock())


@dataclass(frozen=True)
class _InLine:
    """A record in the line: how urgent its edits are, and their numbers. `failed` orders those that failed last."""

    record: Record
    priority: CallPriority
    numbers: frozenset[int]
    failed: int

    @property
    def place(self) -> tuple[int, int, int]:
        return self.failed, _ORDER.index(self.priority), min(self.numbers)


def _send_all(push: Push, failures: Failures) -> None:
    """Send what is queued, after asking XPM for what was being sent of the same record.

    What a person queues meanwhile gets its place in the line, before any bulk.
    """
    seen = _newest_transition(push)
    line = _line(push)
    while line:
        first, *line = line
        with failures.set_aside(push, first.record):
            Sending(push, first.record, first.priority).settle_lost()
            out_of_reach = _paused(push) | not_covered(push.access.scopes)
            Sending(push, first.record, first.priority, out_of_reach).send()
        newest = _newest_transition(push)
        with push.integration.database.read() as session:
            new = transitions.queued_by_people(session, push.scope, after=seen)
        if new:
            line = _line(push, new.union(*(one.numbers for one in line)))
        seen = newest


def _newest_transition(push: Push) -> int:
    with push.integration.database.read() as session:
        return transitions.newest(session)


def _line(push: Push, numbers: Collection[int] | None = None) -> list[_InLine]:
    """The records with these edits that wait, or with any.

    Single edits first, then the queue, then bulk; the oldest first in each. Last, those for which Xero failed before.
    """
    with push.integration.database.read() as session:
        waiting, failed = edits.every(session, push.scope, WAITING), transitions.failed_last(session, push.scope)
        found = [edit for edit in waiting if numbers is None or edit.id in numbers]
        of_record: dict[tuple[Noun, str], list[PendingEdit]] = {}
        for edit in found:
            of_record.setdefault((noun_of(edit.record_table), edit.record_key), []).append(edit)
        called = {
            noun: numbers_of(session, pushed.table, push.scope, [key for of, key in of_record if of is noun])
            for noun, pushed in PUSHED.items()
        }
    urgency = _urgency(found)
    line = [
        _InLine(
            Record(noun, key, called[noun][key]),
            min((urgency[edit.origin] for edit in mine), key=_ORDER.index),
            frozenset(edits.number_of(edit) for edit in mine),
            max(failed.get(edits.number_of(edit), 0) for edit in mine),
        )
        for (noun, key), mine in of_record.items()
    ]
    return sorted(line, key=lambda one: one.place)


_ORDER = (CallPriority.PEOPLE, CallPriority.CHANGES, CallPriority.OVERNIGHT)


def _urgency(queued: Sequence[PendingEdit]) -> dict[str, CallPriority]:
    """The priority of each act: of one record first, since a person looks at it; of many records last."""
    records: dict[str, set[str]] = {}
    for edit in queued:
        records.setdefault(edit.origin, set()).add(edit.record_key)
    return {origin: _priority_of(len(keys)) for origin, keys in records.items()}


def _priority_of(records: int) -> CallPriority:
    if records == 1:
        return CallPriority.PEOPLE
    return CallPriority.CHANGES if records <= FEW else CallPriority.OVERNIGHT


def _lift_what_is_over(push: Push) -> None:
    """Lift the pauses of endpoints where nothing is refused any more, however people dealt with it."""
    if not _paused(push):
        return
    with push.commit() as session:
        refused = {endpoint_of(edit) for edit in edits.every(session, push.scope, [EditState.REFUSED])}
        for paused in calls.pauses(session, push.scope):
            if paused.endpoint not in refused:
                calls.lift(session, push.scope, paused.endpoint)


def _paused(push: Push) -> frozenset[str]:
    with push.integration.database.read() as session:
        return frozenset(one.endpoint for one in calls.pauses(session, push.scope))


def _lacking(push: Push) -> Sequence[str]:
    """The endpoints that are not covered and to which edits wait to be sent."""
    out_of_reach = not_covered(push.access.scopes)
    if not out_of_reach:
        return ()
    with push.integration.database.read() as session:
        waiting = edits.every(session, push.scope, [EditState.QUEUED])
    return sorted({endpoint_of(edit) for edit in waiting} & out_of_reach)


def _result(push: Push, before: int, limit: DayLimit | None, failed: XeroError | None) -> Drained:
    with push.integration.database.read() as session:
        moved = transitions.moved_since(session, push.scope, before)
        waiting = edits.counts(session, push.scope)
        named = Names(session, push.scope).fields_of(transitions.undecided_since(session, push.scope, before))
    return Drained(
        sent=moved.get(EditState.SENDING, 0),
        confirmed=moved.get(EditState.CONFIRMED, 0),
        refused=moved.get(EditState.REFUSED, 0),
        conflicts=moved.get(EditState.CONFLICT, 0),
        named=named,
        waiting=waiting.get(EditState.QUEUED, 0) + waiting.get(EditState.SENDING, 0),
        undecided=sum(waiting.get(state, 0) for state in UNDECIDED),
        calls=push.tally.calls,
        resumes_at=resumes_at(limit, push.integration.clock()) if limit else None,
        paused=sorted(_paused(push)),
        not_covered=_lacking(push),
        failed=failed,
    )
