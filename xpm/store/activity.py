"""Practice Activity: the log that administrators read and search."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from xpm.store.tables import PracticeActivity
from xpm.store.vocabulary import ActivityStatus, Topic


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One entry to write. Its sentences are in the catalogue under `kind`."""

    practice: str
    at: datetime
    status: ActivityStatus
    kind: str
    title: str
    topic: Topic | None = None
    detail: str | None = None
    next_step: str | None = None
    person: str | None = None
    flow_run_id: str | None = None
    run_id: str | None = None
    counts: dict[str, int] | None = None


def write(session: Session, entry: ActivityEntry) -> PracticeActivity:
    """Write one entry."""
    row = PracticeActivity(
        practice=entry.practice,
        at=entry.at,
        status=entry.status,
        kind=entry.kind,
        topic=entry.topic,
        title=entry.title,
        detail=entry.detail,
        next_step=entry.next_step,
        person=entry.person,
        flow_run_id=entry.flow_run_id,
        run_id=entry.run_id,
        counts=entry.counts,
        search_text="\n".join(
            part.casefold() for part in (entry.title, entry.detail, entry.next_step, entry.person) if part
        ),
    )
    session.add(row)
    session.flush()
    return row


def latest(session: Session, practice: str, topic: Topic, *, flow_run_id: str | None = None) -> PracticeActivity | None:
    """Find the newest entry on a topic, or the newest that a flow run wrote."""
    entries = select(PracticeActivity).where(PracticeActivity.practice == practice, PracticeActivity.topic == topic)
    if flow_run_id is not None:
        entries = entries.where(PracticeActivity.flow_run_id == flow_run_id)
    return session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(1)).one_or_none()


def of_run(session: Session, run_id: str, kind: str) -> PracticeActivity | None:
    """Find the entry of this kind that a sync run wrote."""
    entries = select(PracticeActivity).where(PracticeActivity.run_id == run_id, PracticeActivity.kind == kind)
    return session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(1)).one_or_none()


def has(session: Session, practice: str, topic: Topic, title: str) -> bool:
    """Whether there is an entry on a topic with this title."""
    entries = select(PracticeActivity.id).where(
        PracticeActivity.practice == practice, PracticeActivity.topic == topic, PracticeActivity.title == title
    )
    return session.exec(entries.limit(1)).first() is not None


def recent(
    session: Session,
    practice: str,
    limit: int = 100,
    *,
    status: ActivityStatus | None = None,
    search: str | None = None,
    before: int | None = None,
    with_next: bool = True,
) -> list[PracticeActivity]:
    """List entries, newest first.

    `search` finds text anywhere, in any letter case. `before` is the id after which the next page starts. Without
    `with_next` nothing is found by what to do next, which may name records, and SQLite matches only ASCII letters in
    any case.
    """
    entries = select(PracticeActivity).where(PracticeActivity.practice == practice)
    if status is not None:
        entries = entries.where(PracticeActivity.status == status)
    if search and with_next:
        entries = entries.where(col(PracticeActivity.search_text).contains(search.casefold(), autoescape=True))
    elif search:
        shown = (PracticeActivity.title, PracticeActivity.detail, PracticeActivity.person)
        entries = entries.where(or_(*(col(text).icontains(search, autoescape=True) for text in shown)))
    if before is not None:
        entries = entries.where(col(PracticeActivity.id) < before)
    return list(session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(limit)))
