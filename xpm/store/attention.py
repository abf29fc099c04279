"""Finds stored records that a person should look at. Each look is a query, so nothing about it is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, null, or_, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col

from xpm.store.records.kinds import JOB_CUSTOM_FIELDS, JOBS
from xpm.store.records.rows import Scope
from xpm.store.tables import Client, Job, Quarantine, Staff, SyncedRecord
from xpm.store.vocabulary import ArchiveReason, FyiStatus

_Rows = Select[*tuple[Any, ...]]  # key, name, detail

DELETED = (ArchiveReason.DELETED, ArchiveReason.ABSENT)
"""How XPM shows that a record was deleted: by a flag, or by no longer listing it."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """One record to look at. `detail` is further information, such as the reason."""

    key: str | None
    name: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """How many records to look at for one reason, and the first few of them."""

    count: int
    first: tuple[Noticed, ...]


def look(session: Session, scope: Scope, limit: int) -> dict[str, Found]:
    """Find everything to look at, by reason. Reasons without records are left out."""
    found = {}
    for reason, query in QUERIES.items():
        statement = query(scope)
        count = session.connection().scalars(select(func.count()).select_from(statement.subquery())).one()
        if count:
            rows = session.connection().execute(statement.limit(limit))
            found[reason] = Found(count, tuple(Noticed(*row) for row in rows))
    return found


def _deleted(model: type[Client | Job | Staff], key: Mapped[str]) -> Callable[[Scope], _Rows]:
    def query(scope: Scope) -> _Rows:
        gone = col(model.archived_reason).in_(DELETED)
        latest = col(model.archived_at).desc()
        return select(key, col(model.name), null()).where(_in(model, scope), gone).order_by(latest, key)

    return query


def _merged(scope: Scope) -> _Rows:
    """Archived clients whose name an active client has: the only trace of a merge (FYI: "Merge Clients")."""
    active = aliased(Client)
    namesake = and_(
        col(active.practice) == col(Client.practice),
        col(active.tenant_id) == col(Client.tenant_id),
        col(active.name) == col(Client.name),
        col(active.archived_at).is_(None),
    )
    pairs = select(col(Client.uuid), col(Client.name), col(active.uuid)).join(active, namesake)
    return pairs.where(_in(Client, scope), col(Client.archived_at).is_not(None)).order_by(
        col(Client.name), col(Client.uuid)
    )


def _without_client(scope: Scope) -> _Rows:
    theirs = exists().where(
        col(Client.practice) == col(Job.practice),
        col(Client.tenant_id) == col(Job.tenant_id),
        col(Client.uuid) == col(Job.client_uuid),
    )
    jobs = select(col(Job.number), col(Job.name), col(Job.client_name))
    lost = or_(col(Job.client_uuid).is_(None), ~theirs)
    return jobs.where(_in(Job, scope), col(Job.archived_at).is_(None), lost).order_by(col(Job.number))


def _waiting_staff(scope: Scope) -> _Rows:
    waiting = and_(col(Staff.archived_at).is_(None), col(Staff.fyi_status) == FyiStatus.INACTIVE)
    staff = select(col(Staff.uuid), col(Staff.name), col(Staff.email))
    return staff.where(_in(Staff, scope), waiting).order_by(col(Staff.name), col(Staff.uuid))


def _set_aside(scope: Scope) -> _Rows:
    """A job goes by its number, as do the values of one."""
    aside = and_(col(Quarantine.practice) == scope.practice, col(Quarantine.tenant_id) == scope.tenant_id)
    job = and_(
        col(Quarantine.entity).in_((JOBS.name, JOB_CUSTOM_FIELDS.name)),
        col(Job.practice) == col(Quarantine.practice),
        col(Job.tenant_id) == col(Quarantine.tenant_id),
        col(Job.key) == col(Quarantine.record_key),
    )
    name = func.coalesce(col(Job.number), col(Quarantine.record_key))
    entries = select(name, null(), col(Quarantine.reason)).outerjoin_from(Quarantine, Job, job)
    return entries.where(aside, col(Quarantine.resolved_at).is_(None)).order_by(col(Quarantine.id))


def _in(model: type[SyncedRecord], scope: Scope) -> ColumnElement[bool]:
    return and_(col(model.practice) == scope.practice, col(model.tenant_id) == scope.tenant_id)


QUERIES: Mapping[str, Callable[[Scope], _Rows]] = {
    "clients_deleted": _deleted(Client, col(Client.uuid)),
    "clients_merged": _merged,
    "jobs_deleted": _deleted(Job, col(Job.number)),
    "jobs_without_client": _without_client,
    "staff_deleted": _deleted(Staff, col(Staff.uuid)),
    "staff_waiting": _waiting_staff,
    "set_aside": _set_aside,
}
"""The reasons, each with its sentence in the words catalogue under `attention`."""
