"""A competitor: the shortest script that does the job. It validates nothing and keeps no history."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.lists import LISTS, Record, load_what_is_asked, records
from bench.measured import Counts

COLUMNS = {
    "Job": (
        "UUID", "ID", "Name", "Description", "State", "Type", "Budget", "StartDate", "DueDate", "CompletedDate",
        "ClientUUID",
    ),
    "Client": (
        "UUID", "Name", "FirstName", "LastName", "Email", "DateOfBirth", "Address", "City", "Phone", "IsArchived",
        "IsDeleted",
    ),
}  # fmt: skip
"""The eleven elements stored as columns. A twelfth column holds the children as JSON."""


def _load(database: Path, files: dict[str, Path]) -> Counts:
    with closing(sqlite3.connect(database)) as connection:
        return {tag: _load_list(connection, tag, file) for tag, file in files.items()}


def _load_list(connection: sqlite3.Connection, tag: str, file: Path) -> int:
    names = [*COLUMNS[tag], "Children"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    upsert = f"INSERT INTO {tag} VALUES ({', '.join('?' * len(names))}) ON CONFLICT (UUID) DO UPDATE SET {changes}"  # noqa: S608 - this module's own names
    with connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {tag} ({', '.join(names)}, PRIMARY KEY (UUID))")
        connection.executemany(upsert, _rows(tag, file))
    count: int = connection.execute(f"SELECT count(*) FROM {tag}").fetchone()[0]  # noqa: S608 - as above
    return count


def _rows(tag: str, file: Path) -> Iterator[tuple[str | None, ...]]:
    for record in records(file, tag):
        record["ClientUUID"] = (record.get("Client") or {}).get("UUID")
        yield (*(record.get(name) for name in COLUMNS[tag]), _children(record))


def _children(record: Record) -> str:
    return json.dumps({name: children for name, children in record.items() if name in LISTS})


if __name__ == "__main__":
    load_what_is_asked(_load)
