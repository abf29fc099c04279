"""Lists edits, and the log of what became of them, a part at a time: a practice may have hundreds of thousands.

What was made for accounts that the practice has left is listed as well. It is withdrawn, and nothing of it is lost.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from xpm.store.tables import EditTransition, PendingEdit, PushCall
from xpm.store.vocabulary import EditState


@dataclass(frozen=True, slots=True)
class EditStep:
    """One step in an edit's life, with the call that it belongs to."""

    transition: EditTransition
    edit: PendingEdit
    call: PushCall | None


def page(
    session: Session,
    practice: str,
    states: Collection[EditState],
    *,
    fields: Collection[str] | None = None,
    origin: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[PendingEdit]:
    """The edits in these states with numbers above `after`, oldest first, and at most `limit`.

    `fields`: only of these columns or custom fields; `origin`: only of one act.
    """
    of = select(PendingEdit).where(
        PendingEdit.practice == practice,
        col(PendingEdit.state).in_(states),
        col(PendingEdit.id) > after,
    )
    of = of if fields is None else of.where(col(PendingEdit.field).in_(fields))
    of = of if origin is None else of.where(PendingEdit.origin == origin)
    return list(session.exec(of.order_by(col(PendingEdit.id)).limit(limit)))


def steps(
    session: Session,
    practice: str,
    *,
    edit: int | None = None,
    since: datetime | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[EditStep]:
    """The log from `since` on, with numbers above `after`, oldest first, and at most `limit`; or that of one edit."""
    of = (
        select(EditTransition, PendingEdit, PushCall)
        .join(PendingEdit, col(EditTransition.edit_id) == col(PendingEdit.id))
        .join(PushCall, col(EditTransition.call_id) == col(PushCall.id), isouter=True)
        .where(
            PendingEdit.practice == practice,
            col(EditTransition.id) > after,
        )
    )
    of = of if edit is None else of.where(EditTransition.edit_id == edit)
    of = of if since is None else of.where(col(EditTransition.at) >= since)
    return [EditStep(*found) for found in session.exec(of.order_by(col(EditTransition.id)).limit(limit))]
