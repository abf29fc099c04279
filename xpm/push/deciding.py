"""What a person decides about edits that cannot go on by themselves.

Both sides changed: keep FYI's value, or take XPM's. XPM refused: try again, or withdraw. The value that loses is kept
word for word with its author, and can be put back in one step, unless the field has changed since.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from xpm.access import audit
from xpm.access.actor import Actor
from xpm.access.audit import Action
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.checking import Overtaken
from xpm.push.editing import require_editor, scope_of
from xpm.push.placing import current, hold, noun_of, put_value
from xpm.push.sending import endpoint_of
from xpm.store.errors import NotThere
from xpm.store.push import calls, edits, transitions
from xpm.store.push.edits import TIME, EditAct, Place, Reason
from xpm.store.records.rows import Scope
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState
from xpm.words import message, stop


@dataclass(frozen=True)
class Decision:
    """A transaction in which a person decides about edits of one practice.

    `seen`: of each edit that the person saw in conflict, by number, the time of XPM's value beside FYI's; if known.
    """

    session: Session
    scope: Scope
    person: str
    now: datetime
    seen: Mapping[int, datetime] | None = None

    def keep(self, edit: PendingEdit) -> None:
        """Keep FYI's value: it is sent. Of XPM's value, the edit's log keeps what it was."""
        self._require_seen(edit)
        edit.base = edits.xpms(edit)
        self._move(edit, EditState.QUEUED, Reason("push.kept_fyis"))
        edit.theirs, edit.theirs_at = None, None

    def take(self, edit: PendingEdit) -> None:
        """Take XPM's value into FYI. The edit keeps FYI's."""
        self._require_seen(edit)
        self._give_up(edit, "push.took_xpms")

    def withdraw(self, edit: PendingEdit) -> None:
        """Do not send the edit any more: FYI gets what XPM has."""
        self._require(edit, EditState.QUEUED, EditState.CONFLICT, EditState.REFUSED)
        self._give_up(edit, "push.withdrawn")

    def try_again(self, edit: PendingEdit) -> None:
        """Send what was refused once more, and lift the pause of where it goes."""
        self._require(edit, EditState.REFUSED)
        edit.attempts = 0
        self._move(edit, EditState.QUEUED, Reason("push.tried_again"))
        calls.lift(self.session, self.scope, endpoint_of(edit))

    def put_back(self, edit: PendingEdit) -> None:
        """Put back the value that lost: FYI's if it was given up, or else what XPM had before it got FYI's.

        It is an edit like any other. Refused if the field has changed since, on either side.
        """
        self._require(edit, EditState.WITHDRAWN, EditState.CONFIRMED)
        if edit.record_table == TIME:
            raise stop("push.nothing_lost", edit=edits.number_of(edit))
        lost, won = self._sides(edit)
        place = _place(edit)
        if current(self.session, self.scope, place) != won or self._is_open(place):
            raise stop("push.changed_since", edit=edits.number_of(edit))
        if lost == won:
            raise stop("push.nothing_lost", edit=edits.number_of(edit))
        put_value(self.session, self.scope, place, lost, person=self.person, now=self.now)
        act = EditAct(str(uuid.uuid4()), self.person, self.now)
        edits.put(self.session, self.scope, place, lost, base=won, act=act)

    def _sides(self, edit: PendingEdit) -> tuple[str | None, str | None]:
        """The value that lost, and the one that won."""
        theirs = transitions.lost_theirs(self.session, edit)
        return (edit.ours, edits.xpms(edit)) if edit.state is EditState.WITHDRAWN else (theirs, edit.ours)

    def _give_up(self, edit: PendingEdit, key: str) -> None:
        if edit.record_table != TIME:  # a time entry stays in FYI, which has it alone then
            put_value(self.session, self.scope, _place(edit), edits.xpms(edit), person=self.person, now=self.now)
        self._move(edit, EditState.WITHDRAWN, Reason(key))

    def _is_open(self, place: Place) -> bool:
        of = edits.open_of_record(self.session, self.scope, place.table, place.key)
        return any(edit.field == place.field for edit in of)

    def _require_seen(self, edit: PendingEdit) -> None:
        """Raise Overtaken if XPM has another value than the person saw: it would be chosen or replaced unseen."""
        self._require(edit, EditState.CONFLICT)
        number = edits.number_of(edit)
        if self.seen is not None and edit.theirs_at != self.seen.get(number):
            raise Overtaken(message("push.theirs_overtaken", edit=number))

    def _require(self, edit: PendingEdit, *states: EditState) -> None:
        if edit.state not in states:
            raise stop("push.not_to_decide", edit=edits.number_of(edit), state=edit.state.value)

    def _move(self, edit: PendingEdit, state: EditState, reason: Reason) -> None:
        edits.move(self.session, edit, state, now=self.now, person=self.person, reason=reason)


Verdict = Callable[[Decision, PendingEdit], None]


def decide(
    installation: Installation,
    slug: str,
    verdict: Verdict,
    numbers: Sequence[int],
    person: str,
    *,
    actor: Actor | None = None,
    seen: Mapping[int, datetime] | None = None,
) -> int:
    """Decide about these edits, all of them or none, and return how many. `seen` is as for `Decision`.

    Without an actor the caller writes the audit trail, as commands do.

    Raises:
        Overtaken: XPM has another value by now than the person saw.
        Stopped: there is no such edit, it is in another state, or the person may not edit.
    """
    practice, now = installation.practice(slug), installation.clock()
    with installation.database.write() as session:
        require_editor(session, practice, person)
        scope = scope_of(session, practice)
        decision = Decision(session, scope, person, now, seen)
        for edit in _held(session, scope, sorted(set(numbers))):
            verdict(decision, edit)
        if actor is not None:
            what = f"edit {numbers[0]}" if len(set(numbers)) == 1 else f"{len(set(numbers))} edits"
            audit.record(session, installation, actor, Action.DECIDE_EDIT, now=now, practice=slug, resource=what)
    return len(set(numbers))


def conflicts_of(installation: Installation, slug: str, field: str | None = None) -> list[int]:
    """The numbers of all edits that both sides changed, or of those of one field, by its column or XPM ID."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        found = edits.every(session, scope_of(session, practice), [EditState.CONFLICT])
        return [edits.number_of(edit) for edit in found if field is None or edit.field == field]


def _held(session: Session, scope: Scope, numbers: Sequence[int]) -> list[PendingEdit]:
    """The edits, with their records held: all at once, since everybody has to hold records in the same order."""
    found = [_get(session, scope, number) for number in numbers]
    for noun in sorted(PUSHED):
        hold(session, scope, noun, {edit.record_key for edit in found if noun_of(edit.record_table) is noun})
    return [_get(session, scope, number) for number in numbers]


def _get(session: Session, scope: Scope, number: int) -> PendingEdit:
    try:
        return edits.get(session, scope, number)
    except NotThere:
        raise stop("push.no_such_edit", edit=number) from None


def _place(edit: PendingEdit) -> Place:
    return Place(edit.record_table, edit.record_key, edit.field)
