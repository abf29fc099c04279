"""The migration that stores jobs by UUID takes everything about a job along, and loses nothing on the way back."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text

from tests.store.kit import NOW, practice
from xpm.store.engine.database import Database
from xpm.store.migrations import schema

pytestmark = pytest.mark.also_on_postgresql("migrations")
BEFORE, AFTER = "r0015", "r0017"
UUIDS = {"J1": "00000000-0000-4000-8000-00000000000a", "J2": "00000000-0000-4000-8000-00000000000b", "J3": None}
AT = NOW.replace(tzinfo=None).isoformat(sep=" ")
CHANGES = count(1)  # ids


@pytest.fixture
def old(empty_url: str) -> Iterator[Connection]:
    """A database of the version before, with three jobs, of which one has no UUID, and everything that names them."""
    database = Database(empty_url)
    database.migrate()
    with database.write() as session:
        practice(session)
    with database.engine.connect() as connection, connection.begin():
        command.downgrade(schema._config(connection), BEFORE)
        for number, uuid in UUIDS.items():
            add_job(connection, number, uuid)
        yield connection
    database.close()


def put(connection: Connection, table: str, **values: object) -> None:
    """Insert a row of the practice's account."""
    row = {"practice": "acme", "tenant_id": "t", **values}
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)  # noqa: S608


def add_job(connection: Connection, number: str, uuid: str | None, archived_at: str | None = None) -> None:
    """Store a job as the version before did, a client whose key is the same text, and everything that names either."""
    lists = dict.fromkeys(("assigned", "tasks", "milestones", "notes"), "[]")
    job = {"number": number, "uuid": uuid, "first_synced_at": AT, "changed_at": AT, "content_hash": b"0", **lists}
    change = next(CHANGES)
    put(connection, "job", **job, archived_at=archived_at, archived_reason="absent" if archived_at else None)
    put(connection, "job_before", **job, change_id=change)
    for table in ("current_job", "job_check"):
        put(connection, table, number=number)
    for kind, place in (("job", change), ("client", next(CHANGES))):
        of = {"record_table": kind, "record_key": number, "kind": "changed", "at": AT}
        put(connection, "record_change", id=place, **of)
        owner = {"owner_kind": kind, "owner_key": number}
        put(connection, "custom_field_comparison", **owner, compared_at=AT)
        put(connection, "custom_field_value", **owner, definition_uuid="d")
    put(connection, "quarantine", entity="job", record_key=number, reason="", payload="", at=AT)


def column(connection: Connection, asked: str) -> list[Any]:
    return sorted(connection.execute(text(f"SELECT {asked}")).scalars())


both_empty = pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)


@both_empty
def test_everything_about_a_job_gets_its_uuid_and_nothing_else_does(old: Connection) -> None:
    command.upgrade(schema._config(old), AFTER)
    keys = sorted(uuid or number for number, uuid in UUIDS.items())
    for asked in (
        '"key" FROM job',
        '"key" FROM job_before',
        '"key" FROM current_job',
        '"key" FROM job_check',
        "owner_key FROM custom_field_comparison WHERE owner_kind = 'job'",
        "owner_key FROM custom_field_value WHERE owner_kind = 'job'",
        "record_key FROM record_change WHERE record_table = 'job'",
        "record_key FROM quarantine",
    ):
        assert column(old, asked) == keys, asked
    assert column(old, "number FROM job") == column(old, "number FROM job_before") == sorted(UUIDS)
    assert column(old, "record_key FROM record_change WHERE record_table = 'client'") == sorted(UUIDS)
    assert column(old, "owner_key FROM custom_field_value WHERE owner_kind = 'client'") == sorted(UUIDS)
    command.downgrade(schema._config(old), BEFORE)
    for asked in ("number FROM job", "number FROM job_before", "number FROM current_job", "record_key FROM quarantine"):
        assert column(old, asked) == sorted(UUIDS), asked


@both_empty
def test_of_a_renumbered_job_that_was_stored_twice_the_current_row_gets_the_uuid(old: Connection) -> None:
    add_job(old, "SMITH-01", "00000000-0000-4000-8000-00000000000c")
    add_job(old, "J9", "00000000-0000-4000-8000-00000000000c", AT)
    command.upgrade(schema._config(old), AFTER)
    kept = {str(row[0]): row[1] for row in old.execute(text('SELECT "key", number FROM job'))}
    assert kept["00000000-0000-4000-8000-00000000000c"] == "SMITH-01"
    assert kept["J9"] == "J9"
    old.execute(text("UPDATE job SET number = 'J9' WHERE number = 'SMITH-01'"))
    command.downgrade(schema._config(old), BEFORE)
    assert column(old, "number FROM job WHERE number LIKE 'J9%'") == ["J9", "J9 J9"]
    assert column(old, "number FROM job WHERE archived_at IS NULL AND number LIKE 'J9%'") == ["J9"]
