"""Checks that the store's records about itself are true: runs, their counts, and the history with its former rows."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.records.kinds import ALL, CLIENTS, CUSTOM_FIELD_DEFINITIONS, JOBS, STAFF, TAX_RETURNS, RecordTable
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import ChangeKind, RunStatus

MAIN = {
    Entity.JOBS: JOBS,
    Entity.CLIENTS: CLIENTS,
    Entity.STAFF: STAFF,
    Entity.TAX_RETURNS: TAX_RETURNS,
    Entity.CUSTOM_FIELDS: CUSTOM_FIELD_DEFINITIONS,
}
"""The table whose records a run of the entity counts."""

COUNTED = ("added", "changed", "restored", "archived")


def assert_books_balance(house: House) -> None:
    """Every run has ended and counts what it did, and every change has exactly its former rows."""
    changes = house.rows("record_change")
    for run in house.runs():
        assert_ended_as_it_says(run)
        assert_counts_are_true(run, changes)
    assert_history_is_whole(house, changes)


def assert_killed_in_order(house: House) -> None:
    """After a kill one run may still be open. What it committed is complete and counted.

    The open run need not be the latest, since the killed process had its own clock.
    """
    changes = house.rows("record_change")
    runs = house.runs()
    ended = [run for run in runs if run.status is not RunStatus.RUNNING]
    assert len(runs) - len(ended) <= 1
    for run in ended:
        assert_ended_as_it_says(run)
    for run in runs:
        assert_counts_are_true(run, changes)
    assert_history_is_whole(house, changes)


def assert_ended_as_it_says(run: SyncRun) -> None:
    """A successful run stored as many records as XPM has, and only a successful run has a watermark."""
    assert run.status is not RunStatus.RUNNING, run
    assert run.finished_at is not None, run
    if run.status is RunStatus.SUCCESS:
        assert run.source_count == run.stored_count, run
    else:
        assert run.watermark is None, run


def assert_counts_are_true(run: SyncRun, changes: list[dict[str, Any]]) -> None:
    """A run counts the changes with its id, of its own kind of record."""
    table = MAIN[Entity(run.entity)].name
    done = Counter(
        str(change["kind"]) for change in changes if (change["run_id"], change["record_table"]) == (run.id, table)
    )
    assert {name: getattr(run, name) for name in COUNTED} == {name: done[name] for name in COUNTED}, run


def assert_history_is_whole(house: House, changes: list[dict[str, Any]]) -> None:
    """Each change of a stored record kept the former row once; each former row belongs to a change of its record."""
    for table in ALL.values():
        of_table = {change["id"]: change for change in changes if change["record_table"] == table.name}
        noted = {
            number: change["record_key"] for number, change in of_table.items() if change["kind"] != ChangeKind.ADDED
        }
        for part in table.parts:
            kept = [
                (row["change_id"], row[part.key])
                for row in house.rows(part.before.name)
                if all(row[name] == value for name, value in table.fixed.items())
            ]
            if part.table is table.table:
                assert sorted(kept) == sorted(noted.items()), table.name
            assert {number: key for number, key in kept if number not in noted} == {}, part.before.name
        assert_each_was_added_once(house, table, of_table.values())


def assert_each_was_added_once(house: House, table: RecordTable, changes: Any) -> None:  # noqa: ANN401 - a dict's values
    """Exactly the stored records were added, each by one change."""
    added = sorted(change["record_key"] for change in changes if change["kind"] == ChangeKind.ADDED)
    stored = select(table.table.c[table.key]).where(
        *(table.table.c[name] == value for name, value in table.fixed.items())
    )
    with house.database.read() as session:
        assert added == sorted(session.connection().scalars(stored)), table.name
