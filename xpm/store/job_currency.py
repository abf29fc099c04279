"""Which jobs XPM last called current, so that a job which left that list is noticed and asked for once."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from xpm.store.key_lists import among
from xpm.store.record_rows import Scope
from xpm.store.records import BATCH
from xpm.store.tables import CurrentJob


def current(session: Session, scope: Scope) -> set[str]:
    """Give the numbers of the jobs that were current when they were last noted."""
    noted = select(CurrentJob.number).where(
        CurrentJob.practice == scope.practice, CurrentJob.tenant_id == scope.tenant_id
    )
    return set(session.exec(noted))


def note(session: Session, scope: Scope, numbers: Collection[str]) -> None:
    """Note that these jobs are current and no others; only what differs is written."""
    before, now = current(session, scope), set(numbers)
    of = {"practice": scope.practice, "tenant_id": scope.tenant_id}
    if new := now - before:
        session.connection().execute(insert(CurrentJob), [{**of, "number": number} for number in sorted(new)])
    _forget(session, scope, before - now)


def _forget(session: Session, scope: Scope, numbers: Iterable[str]) -> None:
    remaining = iter(numbers)
    while batch := list(islice(remaining, BATCH)):
        left = delete(CurrentJob).where(
            col(CurrentJob.practice) == scope.practice,
            col(CurrentJob.tenant_id) == scope.tenant_id,
            among(col(CurrentJob.number), batch),
        )
        session.connection().execute(left)
