"""Brings a revert to XPM where it takes back a value that XPM has got from FYI.

A revert changes FYI alone. For a field that was edited and sent, FYI and XPM would then differ, and the next sync would
put the reverted value back. So the earlier value becomes an edit like any other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_
from sqlmodel import Session, col, or_, select

from xpm.push.placing import current, exists
from xpm.store.engine.key_lists import among
from xpm.store.push import edits
from xpm.store.push.edits import TIME, EditAct, Place, Reason
from xpm.store.records.changes import CHANGES
from xpm.store.records.rows import Scope
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState


@dataclass(frozen=True)
class Edited:
    """A field that people edited, and what FYI had in it before a revert."""

    scope: Scope
    place: Place
    value: str | None


def edited_fields(session: Session, run_ids: Collection[str]) -> Sequence[Edited]:
    """The fields with an open edit, or with an edit that XPM has, of the records that these runs changed."""
    changed_by_them = and_(
        col(PendingEdit.practice) == CHANGES.c.practice,
        col(PendingEdit.tenant_id) == CHANGES.c.tenant_id,
        col(PendingEdit.record_table) == CHANGES.c.record_table,
        col(PendingEdit.record_key) == CHANGES.c.record_key,
        among(CHANGES.c.run_id, run_ids),
    )
    meant = or_(col(PendingEdit.closed_at).is_(None), PendingEdit.state == EditState.CONFIRMED)
    found = select(PendingEdit).join(CHANGES, changed_by_them).where(meant, PendingEdit.record_table != TIME)
    by_field: dict[tuple[Scope, Place], PendingEdit] = {}
    for edit in session.exec(found.order_by(col(PendingEdit.id))):
        scope, place = Scope(edit.practice, edit.tenant_id), Place(edit.record_table, edit.record_key, edit.field)
        by_field[scope, place] = edit  # the newest, which is the open one if there is one
    return [
        Edited(scope, place, value)
        for (scope, place), edit in by_field.items()
        if (value := current(session, scope, place)) == edit.ours or edit.closed_at is None
    ]


def follow_revert(session: Session, fields: Sequence[Edited], act: EditAct) -> int:
    """Make edits of what the revert changed in these fields, and return how many. Edits of removed records end."""
    count = 0
    for field in fields:
        if not exists(session, field.scope, field.place):
            _withdraw(session, field, act)
        elif (value := current(session, field.scope, field.place)) != field.value:
            edits.put(session, field.scope, field.place, value, base=field.value, act=act)
            count += 1
    return count


def _withdraw(session: Session, field: Edited, act: EditAct) -> None:
    removed = Reason("push.record_removed")
    for edit in edits.open_of_record(session, field.scope, field.place.table, field.place.key):
        edits.move(session, edit, EditState.WITHDRAWN, now=act.at, person=act.person, reason=removed)
