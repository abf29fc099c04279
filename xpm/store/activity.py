"""Practice Activity: the log that administrators read and search."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from xpm.store.tables import PracticeActivity
from xpm.store.vocabulary import ActivityStatus


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One entry to write. Its sentences are in the catalogue under `kind`."""

    practice: str
    at: datetime
    status: ActivityStatus
    kind: str
    title: str
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


def latest(session: Session, practice: str, kinds: Collection[str]) -> PracticeActivity | None:
    """Find the newest entry of these kinds."""
    entries = select(PracticeActivity).where(
        PracticeActivity.practice == practice, col(PracticeActivity.kind).in_(kinds)
    )
    return session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(1)).one_or_none()


def of_run(session: Session, practice: str, flow_run_id: str, kind: str) -> PracticeActivity | None:
    """Find the last entry of this kind that a flow run wrote."""
    entries = select(PracticeActivity).where(
        PracticeActivity.practice == practice,
        PracticeActivity.flow_run_id == flow_run_id,
        PracticeActivity.kind == kind,
    )
    return session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(1)).one_or_none()


def has(session: Session, practice: str, kind: str, title: str) -> bool:
    """Tell whether there is an entry of this kind with this title."""
    entries = select(PracticeActivity.id).where(
        PracticeActivity.practice == practice, PracticeActivity.kind == kind, PracticeActivity.title == title
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
) -> list[PracticeActivity]:
    """List entries, newest first.

    `search` finds text anywhere, in any letter case. `before` is the id after which the next page starts.
    """
    entries = select(PracticeActivity).where(PracticeActivity.practice == practice)
    if status is not None:
        entries = entries.where(PracticeActivity.status == status)
    if search:
        entries = entries.where(col(PracticeActivity.search_text).contains(search.casefold(), autoescape=True))
    if before is not None:
        entries = entries.where(col(PracticeActivity.id) < before)
    return list(session.exec(entries.order_by(col(PracticeActivity.id).desc()).limit(limit)))
