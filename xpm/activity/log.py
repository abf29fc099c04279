"""Writes messages to Practice Activity, and reads what a run wrote there."""

from datetime import datetime

from sqlmodel import Session

from xpm.store import activity
from xpm.store.activity import ActivityEntry
from xpm.store.tables import PracticeActivity, SyncRun
from xpm.store.vocabulary import Topic
from xpm.words import Message


def record(
    session: Session,
    practice: str,
    message: Message,
    *,
    now: datetime,
    topic: Topic | None = None,
    person: str | None = None,
    flow_run_id: str | None = None,
    run_id: str | None = None,
    counts: dict[str, int] | None = None,
) -> None:
    """Add one entry in the caller's transaction, so that it commits together with what it reports."""
    activity.write(
        session,
        ActivityEntry(
            practice=practice,
            at=now,
            status=message.status,
            kind=message.key,
            topic=topic,
            title=message.title,
            detail=message.cause or None,
            next_step=message.next or None,
            person=person,
            flow_run_id=flow_run_id,
            run_id=run_id,
            counts=counts,
        ),
    )


def said_by(session: Session, practice: str, flow_run_id: str, topic: Topic) -> Message | None:
    """Return the message a flow run logged on this topic, or None."""
    entry = activity.latest(session, practice, topic, flow_run_id=flow_run_id)
    return as_message(entry) if entry else None


def said_of(session: Session, run: SyncRun) -> Message | None:
    """Return the message that sums up a sync run, or None if it has none."""
    entry = activity.of_run(session, run.id, run.reason_key or "")
    return as_message(entry) if entry else None


def as_message(entry: PracticeActivity) -> Message:
    """Turn an entry back into the message it was written from."""
    return Message(
        key=entry.kind, status=entry.status, title=entry.title, cause=entry.detail or "", next=entry.next_step or ""
    )
