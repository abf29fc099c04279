"""A prepared insert stores the same rows as SQLAlchemy's own."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, insert, select

from tests.store.kit import NOW
from xpm.store.engine.columns import ExactDecimal, Json, OneOf, UtcDateTime
from xpm.store.engine.database import Database
from xpm.store.engine.prepared import prepared
from xpm.store.records.kinds import ALL

pytestmark = pytest.mark.also_on_postgresql("the store itself")

PLAIN: dict[type, tuple[object, object]] = {
    Boolean: (True, False),
    Integer: (0, 2**31 - 1),
    LargeBinary: (b"\0\xff", b""),
    Date: (dt.date(2024, 2, 29), dt.date(1, 1, 1)),
    DateTime: (dt.datetime(2024, 2, 29, 1, 2, 3), dt.datetime(2024, 2, 29)),  # noqa: DTZ001 - some XPM times have no zone
}
TABLES = sorted({part.table for table in ALL.values() for part in table.parts}, key=lambda table: table.name)


def values(column: Column[Any]) -> tuple[object, object]:
    """Return two valid values for a column."""
    kind = column.type
    if kind is Json:
        return ([{"name": "Tāne"}], '[{"name": "a \\"text\\""}]')
    if isinstance(kind, UtcDateTime):
        return (NOW, NOW.astimezone(dt.timezone(dt.timedelta(hours=13))))
    if isinstance(kind, ExactDecimal):
        return (Decimal("0.10"), Decimal("12345678901234567890.123456789"))
    if isinstance(kind, OneOf):
        words: list[object] = [word.value for word in kind.words]
        return words[0], words[1]
    return next((pair for of, pair in PLAIN.items() if isinstance(kind, of)), ('one\'s "text"', "another: %s %(x)s :y"))


def rows(table: Table) -> list[dict[str, object]]:
    """Build two full rows and one with NULL in every nullable column."""
    pairs = {column.name: values(column) for column in table.columns}
    full = [{name: pair[number] for name, pair in pairs.items()} for number in (0, 1)]
    keys = {column.name: "a third" for column in table.primary_key if pairs[column.name][0] == full[0]["practice"]}
    nulls = {column.name: None for column in table.columns if column.nullable}
    return [*full, {**full[0], **keys, **nulls}]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_prepared_insert_stores_the_same_rows_as_sqlalchemy(database: Database, table: Table) -> None:
    given = rows(table)
    everything = select(table).order_by(*table.primary_key)
    stored = []
    for is_prepared in (False, True):
        with database.engine.connect() as connection, connection.begin() as transaction:
            if not database.is_postgresql:
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            if is_prepared:
                prepared(connection.dialect, insert(table), table.columns.keys()).execute(connection, given)
            else:
                connection.execute(insert(table), given)
            stored.append(connection.execute(everything).all())
            transaction.rollback()
    assert stored[0] == stored[1]
    assert len(stored[0]) == len(given)
