"""Compares Xero's records with FYI's, record by record and field by field."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic_core import from_json
from sqlmodel import Session

from xpm.store.records import reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Scope


@dataclass(frozen=True)
class Difference:
    """A field that differs between the two sides. `field` is empty if one side lacks the whole record."""

    table: str
    key: str
    field: str
    source: object
    stored: object


def differences(
    session: Session, table: RecordTable, scope: Scope, source: Iterable[RecordRow]
) -> Iterator[Difference]:
    """Every difference between `source`, which must be all records that Xero has of a kind, and the store."""
    expected = {row.key: row for row in source}
    name = table.table.name
    stored = {row.key: row for row in reads.read(session, table, scope, expected)}
    for key, row in expected.items():
        if key not in stored:
            yield Difference(name, key, "", "a record", None)
        else:
            for field, before, after in fields(stored[key], row):
                yield Difference(name, key, field, after, before)
    for key in reads.keys_present(session, table, scope):
        if key not in expected:
            yield Difference(name, key, "", None, "a record")


def fields(stored: RecordRow, source: RecordRow) -> Iterator[tuple[str, object, object]]:
    """Every field that differs: its name, the stored value and Xero's. Rows of side tables are lists."""
    sides = ({**stored.columns, **_side_tables(stored)}, {**source.columns, **_side_tables(source)})
    for field, value in sides[1].items():
        before = sides[0].get(field)
        after = from_json(value) if isinstance(before, list) and isinstance(value, str) else value
        if after != before:
            yield field, before, after


def _side_tables(row: RecordRow) -> Mapping[str, object]:
    """The rows of other tables, and why the record is archived, as fields of the record."""
    tables = {**row.owned, **row.shared}
    return {"archived": row.archived, **{name: [dict(one) for one in rows] for name, rows in tables.items()}}
