"""Decides what an edit becomes once it is known what XPM has after a call."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from xpm.activity.log import record
from xpm.entities.registry import PUSHED
from xpm.push.placing import noun_of
from xpm.push.pushing import Push
from xpm.store.push import calls, edits, transitions
from xpm.store.push.edits import Reason
from xpm.store.push.protection import fyi_wins, value_in, was_read
from xpm.store.records.identity import numbers_of
from xpm.store.records.rows import RecordRow
from xpm.store.tables import CustomFieldDefinition, PendingEdit
from xpm.store.vocabulary import CallOutcome, EditState, Topic
from xpm.words import message

MOST_ATTEMPTS = 5
"""So often an edit is sent whose answers were lost, before a person is asked to look."""


def settle(push: Push, session: Session, sent: Iterable[PendingEdit], row: RecordRow) -> None:
    """Settle the edits of a call that are still being sent, by what XPM has now. Call it before the row is stored."""
    for edit in sent:
        if edit.state is EditState.SENDING and was_read(row, edit.field):
            _settle(push, session, edit, value_in(row, edit.field))


def _settle(push: Push, session: Session, edit: PendingEdit, theirs: str | None) -> None:
    now = push.integration.clock()
    value = transitions.sent_value(session, edit)
    if theirs == value:
        note_call(session, edit, CallOutcome.DONE, now)
        _tell_what_was_overwritten(push, session, edit, now)
        _arrived(session, edit, value, now)
    elif theirs == edits.xpms(edit):
        was_done = _was_done(session, edit)
        note_call(session, edit, CallOutcome.NOT_SENT, now)
        _unchanged(session, edit, value, now, was_done=was_done)
    elif fyi_wins(session, push.scope, edit.record_table):
        edits.note_theirs(session, edit, theirs, now=now)
        edits.move(session, edit, EditState.QUEUED, now=now)
    else:
        edits.note_theirs(session, edit, theirs, now=now)
        reason = Reason("push.has_another") if _was_done(session, edit) else Reason("push.both_changed")
        edits.move(session, edit, EditState.CONFLICT, now=now, reason=reason)


def _was_done(session: Session, edit: PendingEdit) -> bool:
    """Whether XPM said that it did the edit's call."""
    return calls.get(session, edit.call_id or "").outcome is CallOutcome.DONE


def note_call(session: Session, edit: PendingEdit, outcome: CallOutcome, now: datetime) -> None:
    """Note what became of a call whose end nobody knew."""
    call = calls.get(session, edit.call_id or "")
    if call.outcome in (None, CallOutcome.UNKNOWN):
        calls.close(session, call.id, outcome, now=now)


def _tell_what_was_overwritten(push: Push, session: Session, edit: PendingEdit, now: datetime) -> None:
    """Say in Practice Activity which value of XPM was replaced, where FYI's wins by rule and nobody was asked."""
    if edit.theirs_at is None or not fyi_wins(session, push.scope, edit.record_table):
        return
    definition = session.get(CustomFieldDefinition, (push.scope.practice, push.scope.tenant_id, edit.field))
    noun = noun_of(edit.record_table)
    (number,) = numbers_of(session, PUSHED[noun].table, push.scope, [edit.record_key]).values()
    said = message(
        "push.overwritten",
        field=(definition.name if definition else None) or edit.field,
        record=f"{noun.words} {number}",
        theirs=edit.theirs or "nothing",
        ours=edit.ours or "nothing",
    )
    practice, run = push.scope.practice, push.flow_run_id
    record(session, practice, said, now=now, topic=Topic.PUSH, person=edit.made_by, flow_run_id=run)


def _arrived(session: Session, edit: PendingEdit, value: str | None, now: datetime) -> None:
    if edit.ours == value:
        edits.move(session, edit, EditState.CONFIRMED, now=now)
        return
    edit.base, edit.theirs, edit.theirs_at = value, None, None
    edits.move(session, edit, EditState.QUEUED, now=now, reason=Reason(edits.ARRIVED))


def _unchanged(session: Session, edit: PendingEdit, value: str | None, now: datetime, *, was_done: bool) -> None:
    """XPM has what it had before: it said that it took the value and did not, or nobody knows whether it got it."""
    if was_done and edit.ours == value:
        edits.move(session, edit, EditState.REFUSED, now=now, reason=Reason("push.ignored"))
    else:
        queue_again(session, edit, now)


def queue_again(session: Session, edit: PendingEdit, now: datetime) -> None:
    """Queue an edit that did not arrive, or let a person look at it after several attempts."""
    edit.attempts += 1
    if edit.attempts < MOST_ATTEMPTS:
        edits.move(session, edit, EditState.QUEUED, now=now)
    else:
        edits.move(session, edit, EditState.REFUSED, now=now, reason=Reason("push.never_arrived"))
