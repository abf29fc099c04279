"""After a sync FYI has what XPM has, field by field, whatever was edited in XPM before."""

import pytest

from sandbox.accounts import edits
from sandbox.accounts.random_edits import make_random_edits
from tests.pull.expected import assert_equals_truth
from tests.pull.house import House
from tests.store.kit import Writes
from xpm.entities.names import Entity
from xpm.store.vocabulary import RunStatus, SyncMode

RECORD_TABLES = ("client", "contact", "job", "staff", "tax_return", "custom_field")
ORDER = (Entity.CLIENTS, Entity.JOBS, Entity.STAFF, Entity.TAX_RETURNS, Entity.CUSTOM_FIELDS)


@pytest.mark.also_on_postgresql("every kind of record is stored")
def test_after_a_full_sync_fyi_has_what_xpm_has(house: House) -> None:
    results = house.sync_everything()
    assert_equals_truth(house)
    assert {result.status for result in results.values()} == {RunStatus.SUCCESS}
    assert len(house.rows("job")) == 12
    assert len(house.rows("client")) == 8
    assert len(house.rows("tax_return")) == 5


def test_the_world_of_these_tests_has_something_in_every_table(house: House) -> None:
    """Otherwise equality would prove nothing about an empty table."""
    house.sync_everything()
    tables = ["client_contact", "client_group_member", "client_relationship", "contact", "client_group", "job_category"]
    assert all(house.rows(table) for table in [*tables, "custom_field_value"])
    parts = ["assigned", "tasks", "milestones", "notes"]
    assert [part for part in parts if not any(row[part] for row in house.rows("job"))] == []
    assert any(row["notes"] for row in house.rows("client"))


@pytest.mark.also_on_postgresql("values are compared as stored")
def test_a_second_full_sync_writes_no_record_and_counts_all_as_unchanged(house: House) -> None:
    house.sync_everything()
    with Writes(house.database) as writes:
        results = house.sync_everything()
    written = [
        one
        for one in writes.statements
        if one.split()[1 if one.startswith("UPDATE") else 2].strip('"').startswith(RECORD_TABLES)
    ]
    assert [one for one in written if not one.startswith("INSERT INTO custom_field_comparison")] == []
    for result in results.values():
        assert (result.added, result.changed, result.restored, result.archived) == (0, 0, 0, 0)
        assert result.unchanged == result.source == result.stored
    assert "12 unchanged" in results[Entity.JOBS].message.text


REMOVED = 100
"""More than random edits ever remove, so that a person has confirmed it."""


@pytest.mark.parametrize("seed", range(3))
def test_after_a_busy_afternoon_a_full_sync_brings_everything_in_step(house: House, seed: int) -> None:
    house.sync_everything()
    make_random_edits(house.xpm, seed, 40)
    for entity in ORDER:
        house.sync(entity, confirm_missing=REMOVED)
    assert_equals_truth(house)


@pytest.mark.parametrize("seed", range(6, 8))
def test_after_busy_afternoons_changes_and_a_full_sync_bring_everything_in_step(house: House, seed: int) -> None:
    house.sync_everything()
    for afternoon in range(2):
        make_random_edits(house.xpm, seed * 100 + afternoon, 15)
        for entity in ORDER:
            house.sync(entity, SyncMode.CHANGES)
    for entity in ORDER:
        house.sync(entity, confirm_missing=REMOVED)
    assert_equals_truth(house)


def test_a_sync_of_changes_stores_every_change_that_xpm_shows(house: House) -> None:
    """The exception is a record of which only custom field values changed: nothing in XPM shows that."""
    house.sync_everything()
    client, job = house.truth("clients")[0]["UUID"], house.truth("jobs")[-1]["ID"]
    edits.change(house.xpm, "clients", client, {"Phone": "(02) 5550 0101", "Notes": [{"Title": "Called", "Text": "ā"}]})
    edits.change(house.xpm, "jobs", job, {"Budget": "1234.50", "State": "Completed"})
    edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})
    edits.add(house.xpm, "clients", {"Name": "Newcomer & Co"})
    for entity in ORDER:
        house.sync(entity, SyncMode.CHANGES)
    assert_equals_truth(house)


def test_a_client_archived_in_xpm_and_back_is_archived_and_restored(house: House) -> None:
    house.sync(Entity.CLIENTS)
    client = next(
        row["UUID"] for row in house.truth("clients") if row["IsArchived"] == "No" and row["IsDeleted"] == "No"
    )
    edits.archive(house.xpm, client)
    archived = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert (archived.archived, archived.changed) == (1, 0)
    assert client not in house.active("client", "uuid")
    edits.change(house.xpm, "clients", client, {"IsArchived": "No"})
    restored = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert (restored.restored, restored.changed) == (1, 0)
    assert client in house.active("client", "uuid")


def test_staff_that_left_xpm_are_archived_and_keep_their_status_in_fyi(house: House) -> None:
    house.sync(Entity.STAFF)
    gone = house.truth("staff")[0]["UUID"]
    edits.delete(house.xpm, "staff", gone)
    assert house.sync(Entity.STAFF).archived == 1
    assert gone not in house.active("staff", "uuid")
    assert {row["fyi_status"] for row in house.rows("staff")} == {"inactive"}


def test_counts_cover_the_entitys_own_records_and_add_up(house: House) -> None:
    """Groups come with clients, and categories with jobs. They are not counted."""
    for entity, table in ((Entity.CLIENTS, "client"), (Entity.JOBS, "job"), (Entity.STAFF, "staff")):
        result = house.sync(entity)
        assert result.added == len(house.rows(table)) == result.source == result.stored
    staff = house.truth("staff")
    edits.delete(house.xpm, "staff", staff[0]["UUID"])
    edits.change(house.xpm, "staff", staff[1]["UUID"], {"Mobile": "0491 570 006"})
    edits.add(house.xpm, "staff", {"Name": "Ash Rivers"})
    result = house.sync(Entity.STAFF)
    counts = (result.added, result.changed, result.unchanged, result.archived, result.restored, result.quarantined)
    assert counts == (1, 1, len(staff) - 2, 1, 0, 0)
    stored = house.run(result.run_id)
    assert (stored.added, stored.changed, stored.unchanged, stored.archived) == (1, 1, len(staff) - 2, 1)
    assert stored.calls == 1
    assert stored.bytes > 100


def test_a_job_in_two_lists_is_counted_once(house: House) -> None:
    result = house.sync(Entity.JOBS)
    assert result.added + result.unchanged == result.source == len(house.truth("jobs"))
