"""The records that a sync found suddenly missing, and archived none of, until the next sync of their entity.

A person looks at them, and may confirm that they were removed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, and_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from xpm.store.engine.key_lists import among
from xpm.store.pull import finished_lists
from xpm.store.pull.finished_lists import Finished
from xpm.store.records.kinds import ALL, RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import FinishedList, SyncRun

NAME = "missing "
"""Begins the name under which the keys are kept, like a list of XPM's; the name of their table follows."""

OF_FORMER_ACCOUNT = "of the former account "
"""Precedes the name of the table if the records are another account's than the run's."""


@dataclass(frozen=True)
class Missing:
    """The keys of missing records of one kind, and the run that missed them.

    `is_of_former_account`: they are current records of the accounts from which the practice has moved.
    """

    run: SyncRun
    table: str
    keys: Collection[str]
    is_of_former_account: bool


@dataclass(frozen=True)
class MissingRecord:
    """One of them, as people know it."""

    key: str
    name: str | None


def keep(
    session: Session,
    run: SyncRun,
    table: str,
    keys: Collection[str],
    now: datetime,
    *,
    of_former_account: bool = False,
) -> None:
    """Keep the keys that a run missed. Call it after the run's lists were forgotten, in the transaction of its end."""
    name = f"{NAME}{OF_FORMER_ACCOUNT if of_former_account else ''}{table}"
    finished_lists.keep(session, run, name, Finished(frozenset(keys), None), now)


def find(session: Session, scope: Scope) -> list[Missing]:
    """List what is missing in an account, by entity."""
    rows = select_rows(FinishedList, SyncRun).where(
        col(SyncRun.id) == col(FinishedList.run_id),
        FinishedList.practice == scope.practice,
        FinishedList.tenant_id == scope.tenant_id,
        col(FinishedList.name).startswith(NAME),
    )
    found = []
    for row, run in session.exec(rows.order_by(FinishedList.entity)):
        kept = finished_lists.find(session, scope, row.entity, row.name)
        name = row.name.removeprefix(NAME)
        table = name.removeprefix(OF_FORMER_ACCOUNT)
        found.append(Missing(run, table, kept.keys if kept else (), is_of_former_account=table != name))
    return found


def named(session: Session, scope: Scope, missing: Missing, limit: int) -> list[MissingRecord]:
    """Name the first of the missing records."""
    kind = ALL[missing.table]
    columns = kind.table.c
    key: Column[str] = columns.get("number", columns[kind.key])
    name: Column[str] = columns.get("name", key)
    found = select(key, name).where(_whose(kind, scope, missing), among(columns[kind.key], missing.keys))
    rows = session.connection().execute(found.order_by(name, key).limit(limit))
    return [MissingRecord(*row) for row in rows]


def _whose(kind: RecordTable, scope: Scope, missing: Missing) -> ColumnElement[bool]:
    """Whose records the keys name: the account's, or those that are current of the practice's other accounts."""
    if not missing.is_of_former_account:
        return in_scope(kind, scope)
    columns = kind.table.c
    others = (columns.practice == scope.practice, columns.tenant_id != scope.tenant_id)
    return and_(*others, columns.archived_at.is_(None))
