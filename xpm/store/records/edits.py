"""Changes that people make in FYI. They are in the history, and a revert undoes them only if asked to."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from xpm.store.errors import UnknownRecord, WrongColumns
from xpm.store.records.changes import Author, ChangeLog
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.vocabulary import ChangeKind


def edit(
    session: Session,
    table: RecordTable,
    scope: Scope,
    key: str,
    changes: Mapping[str, object],
    *,
    person: str | None,
    now: datetime,
) -> None:
    """Change these columns of one record. Raises UnknownRecord, and WrongColumns for a column the table lacks.

    The digests of XPM's last version stay, so that a sync overwrites the record only if XPM has a new version.
    """
    if unknown := changes.keys() - table.columns - table.local.keys():
        raise WrongColumns(f"{table.name}: {sorted(unknown)} unknown")
    connection, this = session.connection(), table.table.c[table.key] == key
    ChangeLog(connection, table, scope, Author(now, person=person)).changing_where(ChangeKind.CHANGED, this)
    written = (
        update(table.table).where(in_scope(table, scope), this).values(**changes, changed_at=now, changed_by_run=None)
    )
    if not connection.execute(written).rowcount:
        raise UnknownRecord(key)
