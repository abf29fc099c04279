"""Which jobs XPM last called current, so that a job which left that list is noticed and asked for once."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import update
from sqlmodel import Session, col, select

from xpm.store.key_lists import among
from xpm.store.record_rows import Scope
from xpm.store.records import BATCH
from xpm.store.tables import Job


def current(session: Session, scope: Scope) -> set[str]:
    """Give the numbers of the jobs that were current when they were last noted."""
    noted = select(Job.number).where(
        Job.practice == scope.practice, Job.tenant_id == scope.tenant_id, col(Job.is_current).is_(True)
    )
    return set(session.exec(noted))


def note(session: Session, scope: Scope, numbers: Collection[str]) -> None:
    """Note that these jobs are current and no others; only what differs is written."""
    before, now = current(session, scope), set(numbers)
    _mark(session, scope, now - before, is_current=True)
    _mark(session, scope, before - now, is_current=False)


def _mark(session: Session, scope: Scope, numbers: Iterable[str], *, is_current: bool) -> None:
    remaining = iter(numbers)
    while batch := list(islice(remaining, BATCH)):
        of = (
            col(Job.practice) == scope.practice,
            col(Job.tenant_id) == scope.tenant_id,
            among(col(Job.number), batch),
        )
        session.connection().execute(update(Job).where(*of).values(is_current=is_current))
