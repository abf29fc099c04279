"""The category of a job: XPM sends its name, and an update has to say its UUID, for XPM may clear what is left out.

The list of categories needs a broad scope. So an app with granular scopes alone leaves the category out, unless XPM has
been seen to clear it.
"""

from sqlalchemy import select
from sqlmodel import Session

from xpm.activity.log import record
from xpm.push.asks import Record
from xpm.push.pushing import Push
from xpm.push.unsendable import Unsendable
from xpm.store.push import edits, transitions
from xpm.store.push.edits import Reason
from xpm.store.records import kinds
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.records.scope import in_scope
from xpm.store.vocabulary import Topic
from xpm.words import message

LOST = "push.category_gone"
"""The reason key of edits whose update took a job's category away."""


def uuid_of(session: Session, scope: Scope, name: str | None) -> str | None:
    """The UUID of the category of this name; `None` if it is to be left out.

    Raises Unsendable if FYI does not know the category and an update without it might take it away.
    """
    if name is None:
        return None
    columns = kinds.JOB_CATEGORIES.table.c
    current = select(columns.name, columns.uuid).where(
        in_scope(kinds.JOB_CATEGORIES, scope), columns.archived_at.is_(None)
    )
    known = session.connection().execute(current).all()
    found = [uuid for called, uuid in known if called == name]
    if len(found) == 1:
        return str(found[0])
    if known or transitions.has_happened(session, scope, LOST):
        raise Unsendable("push.category_unknown", name)
    return None


def note_if_lost(
    push: Push, session: Session, job: Record, call_id: str, *, before: RecordRow, after: RecordRow
) -> None:
    """Tell people if the call took the job's category away. From then on no update leaves a category out."""
    lost = before.columns.get("type")
    if lost is None or after.columns.get("type") is not None:
        return
    now = push.integration.clock()
    for edit in edits.of_call(session, call_id):
        edits.move(session, edit, edit.state, now=now, reason=Reason(LOST, str(lost)))
    said = message("push.category_lost", job=job.number, category=str(lost))
    record(session, push.scope.practice, said, now=now, topic=Topic.PUSH, flow_run_id=push.flow_run_id)
