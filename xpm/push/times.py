"""Brings time entries to XPM, each exactly once.

XPM makes another entry each time it gets one. So its equal entries are noted with the intent to send. If the answer is
lost, an equal entry that was not there before is ours; if there is none, it is sent again, after one more look.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from xpm.push import calling
from xpm.push.asks import Record
from xpm.push.calling import CallRefused, Lost
from xpm.push.pushing import Push
from xpm.push.settling import note_call, queue_again
from xpm.store.push import calls, edits, time_entries
from xpm.store.push.calls import Intent
from xpm.store.push.edits import TIME
from xpm.store.push.values import text_of
from xpm.store.tables import PendingEdit, TimeEntry
from xpm.store.vocabulary import CallOutcome, CallPriority, EditState
from xpm.xero import models, writes

A_DAY = timedelta(days=1)  # XPM's days and ours may differ by one


def send(push: Push, record: Record, edit: PendingEdit, priority: CallPriority) -> None:
    """Send one entry. Raises XeroError for what is not about it; it stays queued then."""
    number = edits.number_of(edit)
    with push.integration.database.read() as session:
        entry = time_entries.get(session, push.scope, edit.field)
    there = _equal_in_xpm(push, record, entry, priority)
    write = writes.timesheet(record.number, entry.task_uuid, entry.staff_uuid, entry.date, entry.minutes, entry.note)
    with push.commit_holding(record) as session:
        still = edits.get(session, push.scope, number)
        if still.state is not EditState.QUEUED or _has_arrived(push, session, still, there):
            return
        intent = Intent(write.endpoint.label, TIME, record.key, write.digest, there)
        call_id = calling.intend(push, session, intent, [still])
    push.tally.calls += 1
    try:
        answered = calling.make(push, push.writer(priority), write, call_id)
    except CallRefused:
        return
    except Lost:
        settle(push, record, number, priority)
        return
    with push.commit_holding(record) as session:
        calling.note_done(session, call_id, answered, push.integration.clock())
        if isinstance(answered.record, models.TimeEntry):
            _confirm(push, session, edits.get(session, push.scope, number), answered.record.uuid)
            return
    settle(push, record, number, priority)


def settle(push: Push, record: Record, number: int, priority: CallPriority) -> None:
    """Find out whether XPM got an entry whose call ended nobody knows how. Raises XeroError if XPM does not say."""
    with push.integration.database.read() as session:
        entry = time_entries.get(session, push.scope, edits.get(session, push.scope, number).field)
    there = _equal_in_xpm(push, record, entry, priority)
    with push.commit_holding(record) as session:
        edit = edits.get(session, push.scope, number)
        if not _has_arrived(push, session, edit, there):
            queue_again(session, edit, push.integration.clock())


def _has_arrived(push: Push, session: Session, edit: PendingEdit, there: Sequence[str]) -> bool:
    """Confirm the entry if its last call made one of these, which may have come long after the answer was lost."""
    call = calls.get(session, edit.call_id) if edit.call_id else None
    if call is None or call.outcome in (CallOutcome.REFUSED, CallOutcome.NOT_SENT):
        return False
    new = set(there) - set(call.seen_before or ()) - time_entries.claimed(session, push.scope, there)
    if new:
        note_call(session, edit, CallOutcome.DONE, push.integration.clock())
        _confirm(push, session, edit, min(new))
    return bool(new)


def _confirm(push: Push, session: Session, edit: PendingEdit, xpm_uuid: str) -> None:
    entry = time_entries.get(session, push.scope, edit.field)
    entry.xpm_uuid = xpm_uuid
    session.add(entry)
    edits.move(session, edit, EditState.CONFIRMED, now=push.integration.clock())


def _equal_in_xpm(push: Push, record: Record, entry: TimeEntry, priority: CallPriority) -> Sequence[str]:
    """XPM's keys of the entries that are equal to this one."""
    push.tally.calls += 1
    today = push.integration.today(push.access.practice)
    first, last = min(entry.date, today) - A_DAY, max(entry.date, today) + A_DAY
    found = push.api(priority).time_entries(record.number, first, last)
    return [one.uuid for one in found if isinstance(one, models.TimeEntry) and _is_equal(one, entry)]


def _is_equal(theirs: models.TimeEntry, ours: TimeEntry) -> bool:
    said = (theirs.task_uuid, theirs.staff_uuid, theirs.date, theirs.minutes, text_of(theirs.note))
    return said == (ours.task_uuid, ours.staff_uuid, ours.date, ours.minutes, text_of(ours.note))
