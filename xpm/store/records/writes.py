"""The statements of the bulk path. Each carries all rows of a batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from xpm.store.engine.key_lists import among
from xpm.store.engine.prepared import PreparedInsert, prepared
from xpm.store.engine.upserts import insert_into
from xpm.store.errors import WrongColumns
from xpm.store.records.changes import Author, ChangeLog
from xpm.store.records.kinds import SCOPE, OwnedTable, RecordTable, SharedTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.records.scope import in_scope
from xpm.store.vocabulary import ChangeKind

Values = dict[str, object]
Shared = Mapping[str, Mapping[str, object]]
MAIN_STAMPS = ("content_hash", "sent_digest", "changed_at", "changed_by_run", "archived_at", "archived_reason")
SHARED_STAMPS = ("changed_at", "changed_by_run")


def write(log: ChangeLog, new: Sequence[RecordRow], different: Mapping[ChangeKind, Sequence[RecordRow]]) -> None:
    """Write these records with their owned and shared rows, and log the changes.

    Only `different` records have owned rows to delete. Raises WrongColumns before anything is written.
    """
    stored = [row for rows in different.values() for row in rows]
    rows = [*new, *stored]
    if not rows:
        return
    connection, table, scope = log.connection, log.table, log.scope
    main = _main_values(table, scope, rows, log.author)
    owned = {name: _owned_values(table, name, scope, rows) for name in table.owned}
    shared = {name: _shared_values(name, side, rows) for name, side in table.shared.items()}
    for kind, changing in different.items():
        log.changing(kind, [row.key for row in changing])
    _upsert(connection, table, MAIN_STAMPS, main)
    log.added([row.key for row in new])
    for name, child in table.owned.items():
        _delete_owned(connection, table, child, scope, stored)
        _insertion(connection.dialect, child.table).execute(connection, owned[name])
    for name, side in table.shared.items():
        _write_shared(replace(log, table=side.records), shared[name])


def note_sent(log: ChangeLog, rows: Iterable[RecordRow]) -> None:
    """Store the `sent_digest` of unchanged records, so that the next sync need not read them.

    If the code that reads a record changes, its digest differs once.
    """
    sent = [{"of_key": row.key, "digest": row.sent_digest} for row in rows if row.sent_digest]
    if not sent:
        return
    table, columns = log.table, log.table.table.c
    digest = bindparam("digest", type_=columns.sent_digest.type)
    different = update(table.table).where(
        in_scope(table, log.scope),
        columns[table.key] == bindparam("of_key"),
        columns.sent_digest.is_distinct_from(digest),
    )
    log.connection.execute(different.values(sent_digest=digest), sent)


def _write_shared(log: ChangeLog, rows: Shared) -> None:
    """Write only the shared rows that are new or different. Most arrive unchanged with a record."""
    table, columns = log.table, log.table.table.c
    names = [table.key, *table.columns]
    stored = select(*(columns[name] for name in names)).where(
        in_scope(table, log.scope), among(columns[table.key], rows)
    )
    before = {str(row[table.key]): dict(row) for row in log.connection.execute(stored).mappings()}
    new = [key for key in rows if key not in before]
    different = [key for key, row in rows.items() if key in before and before[key] != row]
    log.changing(ChangeKind.CHANGED, different)
    fixed = {**_fixed(table, log.scope), "first_synced_at": log.author.at, **_stamps(log.author)}
    values = [{**fixed, **rows[key]} for key in (*new, *different)]
    _upsert(log.connection, table, SHARED_STAMPS, values)
    log.added(new)


def _upsert(connection: Connection, table: RecordTable, stamps: tuple[str, ...], rows: Sequence[Values]) -> None:
    if rows:
        statement = _upsertion(connection.dialect, table.table, (*table.columns, *stamps), tuple(rows[0]))
        statement.execute(connection, rows)


@lru_cache
def _upsertion(dialect: Dialect, table: Table, columns: tuple[str, ...], names: tuple[str, ...]) -> PreparedInsert:
    """The statement that inserts rows with `names`, and updates `columns` of existing rows."""
    statement = insert_into(dialect, table)
    changes: dict[str, object] = {name: statement.excluded[name] for name in columns}
    if "archived_at" in changes:
        changes["archived_at"] = _since_when_archived(table, statement.excluded.archived_at)
    keys = [column.name for column in table.primary_key]
    return prepared(dialect, statement.on_conflict_do_update(index_elements=keys, set_=changes), names)


@lru_cache
def _insertion(dialect: Dialect, table: Table) -> PreparedInsert:
    return prepared(dialect, insert(table), table.columns.keys())


def _since_when_archived(table: Table, given: ColumnElement[datetime]) -> ColumnElement[datetime | None]:
    """The time of archiving. A record that is archived already keeps its earlier time."""
    return case((given.is_(None), None), else_=func.coalesce(table.c.archived_at, given))


def _delete_owned(
    connection: Connection, table: RecordTable, child: OwnedTable, scope: Scope, rows: Sequence[RecordRow]
) -> None:
    if not rows:
        return
    columns = child.table.c
    where = [columns[name] == bindparam(f"of_{name}") for name in (*SCOPE, *table.fixed, child.owner_key)]
    fixed = {f"of_{name}": value for name, value in _fixed(table, scope).items()}
    of_key = f"of_{child.owner_key}"
    connection.execute(delete(child.table).where(*where), [{**fixed, of_key: row.key} for row in rows])


def _stamps(author: Author) -> Values:
    return {"changed_at": author.at, "changed_by_run": author.run_id}


def _main_values(table: RecordTable, scope: Scope, rows: Iterable[RecordRow], author: Author) -> list[Values]:
    fixed, stamps, now = {**_fixed(table, scope), **table.local}, _stamps(author), author.at
    expected = table.columns
    return [
        {
            **fixed,
            **_checked(row.columns, expected, table.table.name),
            table.key: row.key,
            "content_hash": row.content_hash,
            "sent_digest": row.sent_digest,
            "first_synced_at": now,
            "archived_at": now if row.archived else None,
            "archived_reason": row.archived,
            **stamps,
        }
        for row in rows
    ]


def _owned_values(table: RecordTable, name: str, scope: Scope, rows: Iterable[RecordRow]) -> list[Values]:
    """The owned rows with their owner and place. If a key repeats within one record, the last row wins."""
    child = table.owned[name]
    fixed, expected = _fixed(table, scope), child.columns
    keys = [column.name for column in child.table.primary_key if column.name in expected]
    values: list[Values] = []
    for row in rows:
        twins = {tuple(owned[key] for key in keys): owned for owned in _rows_of(row.owned, name, expected)}
        for ordinal, owned in enumerate(twins.values()):
            value = {**fixed, **owned, child.owner_key: row.key}
            if child.ordinal:
                value[child.ordinal] = ordinal
            values.append(value)
    return values


def _shared_values(name: str, side: SharedTable, rows: Iterable[RecordRow]) -> Shared:
    """The shared rows by key. If a key repeats, the last row wins."""
    expected, key = side.columns, side.records.key
    return {str(shared[key]): shared for row in rows for shared in _rows_of(row.shared, name, expected)}


def _fixed(table: RecordTable, scope: Scope) -> Values:
    return {"practice": scope.practice, "tenant_id": scope.tenant_id, **table.fixed}


def _rows_of(
    rows: Mapping[str, Sequence[Mapping[str, object]]], name: str, expected: frozenset[str]
) -> Iterator[Mapping[str, object]]:
    return (_checked(row, expected, name) for row in rows.get(name, ()))


def _checked(row: Mapping[str, object], expected: frozenset[str], table: str) -> Mapping[str, object]:
    if row.keys() != expected:
        raise WrongColumns(f"{table}: {sorted(row.keys() ^ expected)} missing or unknown")
    return row
