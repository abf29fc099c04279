"""Changes that people make in FYI. They are in the history, and a revert undoes them only if asked to.

The digests of XPM's last version stay, so that a sync reads the record again only if XPM has a new version.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlmodel import Session

from xpm.store.engine.upserts import insert_into
from xpm.store.errors import UnknownRecord, WrongColumns
from xpm.store.records.changes import Author, ChangeLog
from xpm.store.records.kinds import RecordTable
from xpm.store.records.locking import lock
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.vocabulary import ChangeKind

NEVER_READ = b""
"""The content hash of values that FYI has not read from XPM yet."""


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
    """Change these columns of one record. Raises UnknownRecord, and WrongColumns for a column the table lacks."""
    if unknown := changes.keys() - table.columns - table.local.keys():
        raise WrongColumns(f"{table.name}: {sorted(unknown)} unknown")
    log = ChangeLog(session.connection(), table, scope, Author(now, person=person))
    if not _change(log, key, changes):
        raise UnknownRecord(key)


def edit_owned(
    session: Session,
    table: RecordTable,
    scope: Scope,
    key: str,
    *,
    name: str,
    which: Mapping[str, object],
    values: Mapping[str, object] | None,
    person: str | None,
    now: datetime,
) -> None:
    """Replace the owned row of the table `name` that `which` identifies; without `values` remove it.

    The owner's own row is made if FYI has none yet.
    """
    log = ChangeLog(session.connection(), table, scope, Author(now, person=person))
    _require_owner(log, key)
    _change(log, key, {})
    child = table.owned[name]
    of_owner = {"practice": scope.practice, "tenant_id": scope.tenant_id, **table.fixed, child.owner_key: key, **which}
    this = (child.table.c[column] == value for column, value in of_owner.items())
    log.connection.execute(delete(child.table).where(*this))
    if values is not None:
        log.connection.execute(insert(child.table).values({**of_owner, **values}))


def _change(log: ChangeLog, key: str, changes: Mapping[str, object]) -> bool:
    """Lock a record, keep it in the history and change its columns. False if there is no such record."""
    this = log.table.table.c[log.table.key] == key
    lock(log.connection, log.table, log.scope, [key])
    log.changing_where(ChangeKind.CHANGED, this)
    stamped = {**changes, "changed_at": log.author.at, "changed_by_run": log.author.run_id}
    written = update(log.table.table).where(in_scope(log.table, log.scope), this).values(stamped)
    return bool(log.connection.execute(written).rowcount)


def _require_owner(log: ChangeLog, key: str) -> None:
    """Make the row of an owner whose values FYI has not read yet. The next sync of them reads them."""
    row = {
        "practice": log.scope.practice,
        "tenant_id": log.scope.tenant_id,
        **log.table.fixed,
        log.table.key: key,
        "content_hash": NEVER_READ,
        "first_synced_at": log.author.at,
        "changed_at": log.author.at,
    }
    made = insert_into(log.connection.dialect, log.table.table).values(row).on_conflict_do_nothing()
    if log.connection.execute(made).rowcount:
        log.added([key])
