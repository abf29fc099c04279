"""The time that people record in FYI for jobs, and XPM's key of each entry once XPM has it."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from xpm.store.engine.key_lists import among
from xpm.store.errors import NotThere
from xpm.store.records.rows import Scope
from xpm.store.tables import TimeEntry


def add(session: Session, entry: TimeEntry) -> TimeEntry:
    """Store an entry."""
    session.add(entry)
    session.flush()
    return entry


def get(session: Session, scope: Scope, entry_id: str) -> TimeEntry:
    """Return one entry. Raises NotThere."""
    entry = find(session, scope, entry_id)
    if entry is None:
        raise NotThere(entry_id)
    return entry


def find(session: Session, scope: Scope, entry_id: str) -> TimeEntry | None:
    """Return one entry, if there is one of this id."""
    return session.get(TimeEntry, (scope.practice, scope.tenant_id, entry_id), populate_existing=True)


def of_job(session: Session, scope: Scope, job_key: str) -> list[TimeEntry]:
    """The entries of one job, by day."""
    of = select(TimeEntry).where(
        TimeEntry.practice == scope.practice, TimeEntry.tenant_id == scope.tenant_id, TimeEntry.job_key == job_key
    )
    return list(session.exec(of.order_by(col(TimeEntry.date), col(TimeEntry.made_at))))


def claimed(session: Session, scope: Scope, uuids: Collection[str]) -> set[str]:
    """Which of XPM's entries are known to be one of FYI's."""
    of = select(TimeEntry.xpm_uuid).where(
        TimeEntry.practice == scope.practice,
        TimeEntry.tenant_id == scope.tenant_id,
        among(col(TimeEntry.xpm_uuid), uuids),
    )
    return {uuid for uuid in session.exec(of) if uuid}
