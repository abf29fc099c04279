"""FYI's current records of a practice in outline, from whatever account, to compare them with another account's."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlmodel import Session, and_, col, select

from xpm.store.tables import Client, CurrentJob, Job, Staff


class Outline(NamedTuple):
    """What identifies one record. `started` is a job's start date."""

    uuid: str | None
    name: str | None
    started: date | None = None


def clients(session: Session, practice: str) -> list[Outline]:
    """The clients that are not archived."""
    active = select(Client.uuid, Client.name).where(Client.practice == practice, col(Client.archived_at).is_(None))
    return _distinct(Outline(uuid, name) for uuid, name in session.exec(active))


def current_jobs(session: Session, practice: str) -> list[Outline]:
    """The jobs that are not archived and were in XPM's list of current jobs when it was last read."""
    listed = and_(CurrentJob.practice == Job.practice, CurrentJob.tenant_id == Job.tenant_id, CurrentJob.key == Job.key)
    active = (
        select(col(Job.uuid), col(Job.name), col(Job.start_date))
        .join(CurrentJob, listed)
        .where(Job.practice == practice, col(Job.archived_at).is_(None))
    )
    return _distinct(Outline(uuid, name, started) for uuid, name, started in session.exec(active))


def staff(session: Session, practice: str) -> list[Outline]:
    """The staff members who are not archived."""
    active = select(Staff.uuid, Staff.name).where(Staff.practice == practice, col(Staff.archived_at).is_(None))
    return _distinct(Outline(uuid, name) for uuid, name in session.exec(active))


def _distinct(outlines: Iterable[Outline]) -> list[Outline]:
    """Each UUID once, since a record may be here from two accounts. Records without a UUID all stay."""
    given = list(outlines)
    by_uuid = {outline.uuid: outline for outline in given if outline.uuid}
    return [*by_uuid.values(), *(outline for outline in given if not outline.uuid)]
