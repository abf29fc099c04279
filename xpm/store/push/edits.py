"""The edits that people made in FYI: how they are made, found and moved from state to state.

Whoever makes or moves an edit of a record holds the record's lock (`xpm.store.records.locking`), so that a pull, which
takes it as well, sees either everything of it or nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from xpm.store.engine.key_lists import among
from xpm.store.errors import NotThere
from xpm.store.records.rows import Scope
from xpm.store.tables import EditTransition, PendingEdit
from xpm.store.vocabulary import CLOSED, EditState

TIME = "time_entry"
"""The record table of edits that add time entries. Their key is the job's, their field the entry's id."""


ARRIVED = "push.edited_meanwhile"
"""The reason key of edits whose value XPM has, while a person has typed another by now."""

NOT_ANSWERED = "push.not_answered"
"""The reason key of edits that wait since Xero failed for their record, and maybe for it alone."""

_OPEN = col(PendingEdit.closed_at).is_(None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit is: the kind of record, its key, and the field."""

    table: str
    key: str
    field: str


@dataclass(frozen=True, slots=True)
class EditAct:
    """What edits come from: one form, one file, one revert; by whom and when."""

    origin: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an edit is in its state: the key of the sentence for people, and XPM's own words."""

    key: str | None = None
    text: str | None = None


def get(session: Session, scope: Scope, number: int) -> PendingEdit:
    """Return one edit of the scope's practice and account. Raises NotThere."""
    edit = session.get(PendingEdit, number, populate_existing=True)
    if edit is None or (edit.practice, edit.tenant_id) != (scope.practice, scope.tenant_id):
        raise NotThere(str(number))
    return edit


def open_of(session: Session, scope: Scope, table: str, keys: Collection[str]) -> dict[str, list[PendingEdit]]:
    """The open edits of these records, by key, oldest first. Records without any are left out."""
    found: dict[str, list[PendingEdit]] = {}
    if keys:
        of = _of(scope).where(_OPEN, PendingEdit.record_table == table, among(col(PendingEdit.record_key), keys))
        for edit in session.exec(of.execution_options(populate_existing=True)):
            found.setdefault(edit.record_key, []).append(edit)
    return found


def open_of_record(session: Session, scope: Scope, table: str, key: str) -> list[PendingEdit]:
    """The open edits of one record, oldest first."""
    return open_of(session, scope, table, [key]).get(key, [])


def keys_with_open(session: Session, scope: Scope, tables: Collection[str], keys: Collection[str]) -> set[str]:
    """Those of these keys that have open edits in any of these tables."""
    found = select(PendingEdit.record_key).where(
        of_account(scope), _OPEN, col(PendingEdit.record_table).in_(tables), among(col(PendingEdit.record_key), keys)
    )
    return set(session.exec(found.distinct())) if keys else set()


def every(session: Session, scope: Scope, states: Collection[EditState]) -> list[PendingEdit]:
    """List the edits in these states, oldest first."""
    return list(session.exec(_of(scope).where(col(PendingEdit.state).in_(states))))


def count_open(session: Session, scope: Scope, tables: Collection[str]) -> int:
    """How many edits of these tables are open."""
    of = select(func.count()).where(of_account(scope), _OPEN, col(PendingEdit.record_table).in_(tables))
    return session.exec(of).one()


def has_work(session: Session, practice: str, tenant_id: str) -> bool:
    """Whether any edit waits to be sent, or to be found out about. It reads no more than one row."""
    waiting = select(PendingEdit.id).where(
        of_account(Scope(practice, tenant_id)),
        col(PendingEdit.state).in_((EditState.QUEUED, EditState.SENDING)),
    )
    return session.exec(waiting.limit(1)).first() is not None


def note_failure(session: Session, edit: PendingEdit, *, now: datetime) -> None:
    """Note that Xero failed for the record of an open edit, which stays in its state."""
    move(session, edit, edit.state, now=now, reason=Reason(NOT_ANSWERED))


def oldest_open(session: Session, scope: Scope) -> datetime | None:
    """When the oldest open edit was made; `None` if there is none."""
    oldest = select(func.min(PendingEdit.made_at)).where(of_account(scope), _OPEN)
    return session.exec(oldest).one()


def of_call(session: Session, call_id: str) -> list[PendingEdit]:
    """The edits whose last call this is, whatever became of them."""
    sent = select(PendingEdit).where(PendingEdit.call_id == call_id)
    return list(session.exec(sent.order_by(col(PendingEdit.id)).execution_options(populate_existing=True)))


def counts(session: Session, scope: Scope) -> Mapping[EditState, int]:
    """How many open edits are in each state."""
    by_state = select(PendingEdit.state, func.count()).where(of_account(scope), _OPEN)
    found = session.exec(by_state.group_by(col(PendingEdit.state)))
    return {EditState(state): count for state, count in found}


def put(
    session: Session, scope: Scope, place: Place, ours: str | None, *, base: str | None, act: EditAct
) -> PendingEdit:
    """Make an edit, or give the open one of this field another value: its base stays, since that is what XPM had.

    An edit back to what XPM has is withdrawn, unless a call with the former value may have reached XPM.
    """
    known = {edit.field: edit for edit in open_of_record(session, scope, place.table, place.key)}
    if place.field in known:
        return _replace(session, known[place.field], ours, act)
    new = PendingEdit(
        practice=scope.practice,
        tenant_id=scope.tenant_id,
        record_table=place.table,
        record_key=place.key,
        field=place.field,
        base=base,
        ours=ours,
        origin=act.origin,
        made_by=act.person,
        made_at=act.at,
        state=EditState.QUEUED,
    )
    return move(session, new, EditState.QUEUED, now=act.at, person=act.person)


def _replace(session: Session, edit: PendingEdit, ours: str | None, act: EditAct) -> PendingEdit:
    edit.ours, edit.origin, edit.made_by, edit.made_at, edit.attempts = ours, act.origin, act.person, act.at, 0
    if edit.state is EditState.SENDING:
        return _note(session, edit, now=act.at, person=act.person)
    if ours == xpms(edit):
        back = Reason("push.back_to_xpms")
        return move(session, edit, EditState.WITHDRAWN, now=act.at, person=act.person, reason=back)
    if edit.state is EditState.CONFLICT:
        return _note(session, edit, now=act.at, person=act.person)
    return move(session, edit, EditState.QUEUED, now=act.at, person=act.person)


def xpms(edit: PendingEdit) -> str | None:
    """What XPM has, as far as FYI knows."""
    return edit.theirs if edit.theirs_at else edit.base


def move(
    session: Session,
    edit: PendingEdit,
    state: EditState,
    *,
    now: datetime,
    person: str | None = None,
    call_id: str | None = None,
    reason: Reason | None = None,
) -> PendingEdit:
    """Move an edit to a state, and note when, by whom or which call, and why."""
    why = reason or Reason()
    edit.state, edit.reason_key, edit.reason_text = state, why.key, why.text
    edit.call_id = call_id or edit.call_id
    edit.closed_at = now if state in CLOSED else None
    return _note(session, edit, now=now, person=person, call_id=call_id)


def refuse(session: Session, scope: Scope, table: str, keys: Collection[str], reason: Reason, *, now: datetime) -> None:
    """Refuse the open edits of these records, except those that are being sent: their calls tell."""
    for of_record in open_of(session, scope, table, keys).values():
        for edit in of_record:
            if edit.state is not EditState.SENDING:
                move(session, edit, EditState.REFUSED, now=now, reason=reason)


def withdraw_others(session: Session, practice: str, tenant_id: str, *, person: str | None, now: datetime) -> int:
    """Withdraw the open edits for accounts that the practice has left, and return how many. None is ever sent.

    What was being sent may have reached the former account; it goes nowhere else.
    """
    left = select(PendingEdit).where(PendingEdit.practice == practice, PendingEdit.tenant_id != tenant_id, _OPEN)
    found = list(session.exec(left))
    for edit in found:
        move(session, edit, EditState.WITHDRAWN, now=now, person=person, reason=Reason("push.other_account"))
    return len(found)


def note_theirs(session: Session, edit: PendingEdit, theirs: str | None, *, now: datetime) -> None:
    """Note what XPM has. What agrees with the base is no news."""
    differs = theirs != edit.base
    edit.theirs, edit.theirs_at = (theirs, now) if differs else (None, None)
    session.add(edit)
    session.flush()


def number_of(edit: PendingEdit) -> int:
    """The number of a stored edit. Raises ValueError for one that is not stored yet."""
    if edit.id is None:
        raise ValueError("an edit gets its number when it is stored")
    return edit.id


def _of(scope: Scope) -> SelectOfScalar[PendingEdit]:
    return select(PendingEdit).where(of_account(scope)).order_by(col(PendingEdit.id))


def of_account(scope: Scope) -> ColumnElement[bool]:
    """The condition that an edit is one of this practice for this account."""
    return and_(col(PendingEdit.practice) == scope.practice, col(PendingEdit.tenant_id) == scope.tenant_id)


def _note(
    session: Session, edit: PendingEdit, *, now: datetime, person: str | None, call_id: str | None = None
) -> PendingEdit:
    session.add(edit)
    session.flush()
    session.add(
        EditTransition(
            edit_id=number_of(edit),
            at=now,
            state=edit.state,
            value=edit.ours,
            theirs=edit.theirs,
            person=person,
            call_id=call_id,
            reason_key=edit.reason_key,
            reason_text=edit.reason_text,
        )
    )
    session.flush()
    return edit


def forget(session: Session, before: datetime, batch: int) -> int:
    """Forget up to this many edits that ended before a moment, with their transitions, and return how many."""
    over = select(PendingEdit.id).where(col(PendingEdit.closed_at) < before).order_by(col(PendingEdit.id)).limit(batch)
    numbers = [number for number in session.exec(over) if number is not None]
    if numbers:
        session.connection().execute(delete(EditTransition).where(col(EditTransition.edit_id).in_(numbers)))
        session.connection().execute(delete(PendingEdit).where(col(PendingEdit.id).in_(numbers)))
    return len(numbers)
