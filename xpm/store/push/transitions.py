"""The transitions of edits, each of which is kept: what they tell about an edit, and what happened since one."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from xpm.store.engine.key_lists import among
from xpm.store.push.edits import ARRIVED, NOT_ANSWERED, number_of, of_account, xpms
from xpm.store.records.rows import Scope
from xpm.store.tables import EditTransition, PendingEdit
from xpm.store.vocabulary import CLOSED, UNDECIDED, EditState


def of_edit(session: Session, edit_id: int) -> list[EditTransition]:
    """The life of one edit, oldest first."""
    of = select(EditTransition).where(EditTransition.edit_id == edit_id)
    return list(session.exec(of.order_by(col(EditTransition.id))))


def newest(session: Session) -> int:
    """The number of the newest transition of any edit."""
    return session.exec(select(func.max(EditTransition.id))).one() or 0


def settled_since(session: Session, scope: Scope, table: str, keys: Collection[str], number: int) -> set[str]:
    """The records with an edit that ended, or whose value arrived, after the transition of this number.

    What XPM sent before may be older.
    """
    found = (
        select(PendingEdit.record_key)
        .join(EditTransition, col(EditTransition.edit_id) == col(PendingEdit.id))
        .where(
            of_account(scope),
            PendingEdit.record_table == table,
            among(col(PendingEdit.record_key), keys),
            col(EditTransition.id) > number,
            or_(col(EditTransition.state).in_(CLOSED), col(EditTransition.reason_key) == ARRIVED),
        )
    )
    return set(session.exec(found)) if keys else set()


def moved_since(session: Session, scope: Scope, number: int) -> Mapping[EditState, int]:
    """How often edits came into each state after the transition of this number. Each is sent by a call."""
    moved = (
        select(EditTransition.state, func.count())
        .join(PendingEdit, col(EditTransition.edit_id) == col(PendingEdit.id))
        .where(of_account(scope), col(EditTransition.id) > number)
        .where(or_(col(EditTransition.state) != EditState.SENDING, col(EditTransition.call_id).is_not(None)))
    )
    found = session.exec(moved.group_by(col(EditTransition.state)))
    return {EditState(state): count for state, count in found}


def undecided_since(session: Session, scope: Scope, number: int) -> list[PendingEdit]:
    """The edits that have waited for a person's decision since a transition after this number, oldest first."""
    moved = select(EditTransition.edit_id).where(
        col(EditTransition.id) > number, EditTransition.state == PendingEdit.state
    )
    waiting = select(PendingEdit).where(of_account(scope), col(PendingEdit.state).in_(UNDECIDED))
    return list(session.exec(waiting.where(col(PendingEdit.id).in_(moved)).order_by(col(PendingEdit.id))))


def queued_by_people(session: Session, scope: Scope, *, after: int) -> set[int]:
    """The queued edits that a person made or moved after the transition of this number."""
    queued = (
        select(PendingEdit.id)
        .join(EditTransition, col(EditTransition.edit_id) == col(PendingEdit.id))
        .where(
            of_account(scope),
            PendingEdit.state == EditState.QUEUED,
            col(EditTransition.id) > after,
            col(EditTransition.person).is_not(None),
        )
    )
    return {number for number in session.exec(queued) if number is not None}


def failed_last(session: Session, scope: Scope) -> Mapping[int, int]:
    """The number of the last failure of each open edit for whose record Xero failed when it was last tried."""
    failed = (
        select(EditTransition.edit_id, func.max(EditTransition.id))
        .join(PendingEdit, col(EditTransition.edit_id) == col(PendingEdit.id))
        .where(of_account(scope), col(PendingEdit.closed_at).is_(None), PendingEdit.reason_key == NOT_ANSWERED)
    )
    return {edit_id: last or 0 for edit_id, last in session.exec(failed.group_by(col(EditTransition.edit_id)))}


def has_happened(session: Session, scope: Scope, reason_key: str) -> bool:
    """Whether any edit was moved for this reason, as far back as the history goes."""
    moved = (
        select(EditTransition.id)
        .join(PendingEdit, col(EditTransition.edit_id) == col(PendingEdit.id))
        .where(of_account(scope), EditTransition.reason_key == reason_key)
    )
    return session.exec(moved.limit(1)).first() is not None


def sent_value(session: Session, edit: PendingEdit) -> str | None:
    """The value that the edit's last call took along. A person may have typed another since."""
    return next(one.value for one in of_edit(session, number_of(edit)) if one.call_id == edit.call_id)


def lost_theirs(session: Session, edit: PendingEdit) -> str | None:
    """What XPM had before it got FYI's value; if it got several one after the other, before the first."""
    steps = of_edit(session, number_of(edit))
    if all(step.reason_key != ARRIVED for step in steps):
        return xpms(edit)
    seen = [step.theirs for step in steps if step.theirs is not None]
    return seen[-1] if seen else edit.base
