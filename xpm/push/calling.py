"""Makes one call that writes, between two commits: its intent before, and what became of it after.

If the answer is lost, or this program dies, the edits of the call count as being sent until XPM was asked what it has.
Nothing is sent again before that.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from xpm.push.codes import made_from
from xpm.push.placing import hold, noun_of
from xpm.push.pushing import Push
from xpm.store.push import calls, edits, transitions
from xpm.store.push.calls import Intent
from xpm.store.push.edits import Reason
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import CallOutcome, EditState
from xpm.xero.errors import AnswerLost, RecordGone, Refused, ScopeMissing, StateConflict, XeroError
from xpm.xero.refusals import RefusalKind, refusal_kind
from xpm.xero.writer import Answered, XpmWriter
from xpm.xero.writes import Write


class Lost(Exception):
    """Nobody knows whether XPM executed the call."""


class CallRefused(Exception):
    """XPM refused the call; its edits are refused."""


def intend(push: Push, session: Session, intent: Intent, sent: Sequence[PendingEdit]) -> str:
    """Note the call with its edits, in the transaction of `session`, and return its id."""
    now = push.integration.clock()
    call = calls.intend(session, push.scope, intent, generation=push.lease.generation, now=now)
    for edit in sent:
        edits.move(session, edit, EditState.SENDING, now=now, call_id=call.id)
    return call.id


def make(push: Push, writer: XpmWriter, write: Write, call_id: str) -> Answered:
    """Make the call whose intent is committed. The caller settles its edits by the answer.

    Raises:
        Lost: the answer was lost.
        CallRefused: XPM refused it.
        RecordGone: XPM does not have the record.
        StateConflict: the record has just changed in XPM; the edits are queued again.
        XeroError: it was not executed, for reasons that are not about these edits, which are queued again.
    """
    try:
        return writer.send(write)
    except AnswerLost as lost:
        _close(push, call_id, write, CallOutcome.UNKNOWN, lost, None)
        raise Lost from lost
    except StateConflict as error:
        _close(push, call_id, write, CallOutcome.NOT_SENT, error, EditState.QUEUED)
        raise
    except (Refused, ScopeMissing) as error:
        _close(push, call_id, write, CallOutcome.REFUSED, error, EditState.REFUSED)
        if isinstance(error, RecordGone):
            raise
        raise CallRefused from error
    except XeroError as error:
        _close(push, call_id, write, CallOutcome.NOT_SENT, error, EditState.QUEUED)
        raise


def note_done(session: Session, call_id: str, answered: Answered, now: datetime) -> None:
    """Note that XPM says it did the call, in the transaction of `session`."""
    calls.close(session, call_id, CallOutcome.DONE, now=now, status=200, correlation_id=answered.correlation_id)


def _close(  # noqa: PLR0917 - what became of which call
    push: Push, call_id: str, write: Write, outcome: CallOutcome, error: XeroError, to: EditState | None
) -> None:
    """Note what became of the call, and move its edits, if they are to be moved."""
    now = push.integration.clock()
    with push.commit() as session:
        call = calls.get(session, call_id)
        hold(session, push.scope, noun_of(call.record_table), [call.record_key])
        refused = _refusal(session, call_id, write, error) if outcome is CallOutcome.REFUSED else None
        reason = refused or Reason(None, getattr(error, "description", None) or error.message)
        calls.close(
            session,
            call_id,
            outcome,
            now=now,
            status=error.status,
            correlation_id=error.correlation_id,
            reason=reason,
        )
        if to is not None:
            for edit in (one for one in edits.of_call(session, call_id) if one.state is EditState.SENDING):
                if edit.ours == transitions.sent_value(session, edit):
                    edits.move(session, edit, to, now=now, reason=refused)
                else:  # what a person has typed since was not refused
                    edits.move(session, edit, EditState.QUEUED, now=now)
        if outcome is CallOutcome.REFUSED and not isinstance(error, RecordGone):
            calls.pause_if_refused_again(session, push.scope, call.endpoint, now)


def _refusal(session: Session, call_id: str, write: Write, error: XeroError) -> Reason:
    """Why XPM refused, and its words. Of a job state they are followed by the code that was sent."""
    kind, words = refusal_kind(error), getattr(error, "description", None)
    if kind is not RefusalKind.STATE_UNKNOWN or write.state_code is None:
        return Reason(f"push.refused_{kind}", words)
    sent = [transitions.sent_value(session, edit) for edit in edits.of_call(session, call_id)]
    is_made = any(made_from(state or "") == write.state_code for state in sent)
    said = f"{words} ({write.state_code})"
    return Reason("push.refused_state_unknown", said) if is_made else Reason("push.refused_state_set", said)
