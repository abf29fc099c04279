"""Whether what the store says of itself is true: runs, their counts, and the history with its former rows."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from tests.sync.house import House
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
    """No run goes on for ever, each counts what it did, and every change has its former rows and no others."""
    changes = house.rows("record_change")
    for run in house.runs():
        assert_ended_as_it_says(run)
        assert_counts_are_true(run, changes)
    assert_history_is_whole(house, changes)


def assert_killed_in_order(house: House) -> None:
    """After a kill one run may still be open; what it committed is whole, and counted.

    It need not be the last by its time: the process that was killed had a clock of its own.
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
    """A success has as much as its source, and nothing else is a point to start from."""
    assert run.status is not RunStatus.RUNNING, run
    assert run.finished_at is not None, run
    if run.status is RunStatus.SUCCESS:
        assert run.source_count == run.stored_count, run
    else:
        assert run.watermark is None, run


def assert_counts_are_true(run: SyncRun, changes: list[dict[str, Any]]) -> None:
    """A run counts the changes that bear its name, of its own kind of record."""
    table = MAIN[Entity(run.entity)].name
    done = Counter(
        str(change["kind"]) for change in changes if (change["run_id"], change["record_table"]) == (run.id, table)
    )
    assert {name: getattr(run, name) for name in COUNTED} == {name: done[name] for name in COUNTED}, run


def assert_history_is_whole(house: House, changes: list[dict[str, Any]]) -> None:
    """Each change of a stored record kept the row as it was, once; former rows belong to a change of that record."""
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
    """What is stored was added by exactly one change, and nothing else was."""
    added = sorted(change["record_key"] for change in changes if change["kind"] == ChangeKind.ADDED)
    stored = select(table.table.c[table.key]).where(
        *(table.table.c[name] == value for name, value in table.fixed.items())
    )
    with house.database.read() as session:
        assert added == sorted(session.connection().scalars(stored)), table.name
