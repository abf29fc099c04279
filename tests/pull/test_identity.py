"""A job is its UUID. Its number is what people call it: they may change it, swap it, or give it to another job."""

from typing import Any
from uuid import uuid4

import pytest

from sandbox.accounts import edits
from tests.pull.house import SCOPE, House
from tests.undo.test_revert import state, take_back
from xpm.entities.names import Entity
from xpm.pull.identity import SEVERAL
from xpm.store.records import edits as store_edits
from xpm.store.records import history
from xpm.store.records.kinds import JOB_CUSTOM_FIELDS, JOBS
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import ArchiveReason, ChangeKind, RunStatus, SyncMode
from xpm.undo.changes import FieldDifference

AWKWARD = ["2026/17", "50%", "A#1", "A B", "A?b=c", "%2F", "É-7", "a+b", "100%25"]


def renumber(house: House, number: str, new: str) -> str:
    """Change a job's number in XPM, and return its UUID."""
    return str(edits.change(house.xpm, "jobs", number, {"ID": new})["UUID"])


def add(house: House, number: str, name: str = "Advice", **more: object) -> str:
    """Add a current job in XPM, and return its UUID."""
    job = {"ID": number, "UUID": str(uuid4()), "Name": name, "State": "Planned", **more}
    return str(edits.add(house.xpm, "jobs", job)["UUID"])


def stored(house: House) -> dict[str, dict[str, Any]]:
    """The current jobs by UUID."""
    return {row["uuid"]: row for row in house.rows("job") if row["archived_at"] is None}


def changes(house: House, number: str, table: Any = JOBS) -> list[tuple[ChangeKind, set[str]]]:  # noqa: ANN401 - a RecordTable
    """What the history of the job with this number says: each change and its fields."""
    with house.database.read() as session:
        ((scope, key),) = history.named(session, table, number)
        life = history.life(session, table, scope, key)
    assert scope == SCOPE
    return [(entry.change.kind, {field.field for field in entry.fields}) for entry in life]


@pytest.mark.also_on_postgresql("keys are compared in SQL")
@pytest.mark.parametrize("mode", SyncMode)
def test_a_renumbered_job_is_the_same_job_with_its_values_and_its_history(house: House, mode: SyncMode) -> None:
    house.sync_everything()
    number = house.name_of(house.rows("current_job")[0]["key"])
    values = [row for row in house.rows("custom_field_value") if row["owner_key"] == house.key_of(number)]
    uuid = renumber(house, number, "SMITH-01")
    (foreseen,) = [change for change in house.preview(Entity.JOBS, mode).changes if change.kind == "job"]
    result = house.sync(Entity.JOBS, mode)
    assert (result.status, result.added, result.changed, result.archived) == (RunStatus.SUCCESS, 0, 1, 0)
    assert FieldDifference("number", number, "SMITH-01") in foreseen.fields
    assert stored(house)[uuid]["number"] == "SMITH-01"
    assert [row for row in house.rows("custom_field_value") if row["owner_key"] == house.key_of("SMITH-01")] == values
    assert changes(house, "SMITH-01")[0] == (ChangeKind.ADDED, set())
    assert "number" in changes(house, "SMITH-01")[1][1]
    assert changes(house, number) == changes(house, "SMITH-01"), "its former number finds it as well"


def test_two_jobs_that_swap_their_numbers_stay_who_they_are(house: House) -> None:
    house.sync(Entity.JOBS)
    one, other = (str(job["ID"]) for job in house.truth("jobs")[:2])
    first = renumber(house, one, "ASIDE")
    second = renumber(house, other, one)
    renumber(house, "ASIDE", other)
    before = stored(house)
    assert house.sync(Entity.JOBS).changed == 2
    after = stored(house)
    assert (after[first]["number"], after[second]["number"]) == (other, one)
    assert {uuid: row["name"] for uuid, row in after.items()} == {uuid: row["name"] for uuid, row in before.items()}


@pytest.mark.parametrize("mode", SyncMode)
def test_a_number_that_goes_to_a_new_job_does_not_make_it_the_old_one(house: House, mode: SyncMode) -> None:
    house.sync(Entity.JOBS)
    number = house.name_of(house.rows("current_job")[0]["key"])
    old = house.key_of(number)
    edits.delete(house.xpm, "jobs", number)
    new = add(house, number, "Successor")
    result = house.sync(Entity.JOBS, mode)
    assert (result.status, result.added, result.archived) == (RunStatus.SUCCESS, 1, 1)
    (gone,) = [row for row in house.rows("job") if row["archived_reason"] is ArchiveReason.ABSENT]
    assert (gone["key"], stored(house)[new]["name"]) == (old, "Successor")
    assert changes(house, number) == [(ChangeKind.ADDED, set())], "the number means the job that has it now"


def test_a_job_that_was_renumbered_out_of_every_list_is_found_among_its_clients_jobs(house: House) -> None:
    client = house.truth("clients")[0]
    whose = {"UUID": client["UUID"], "Name": client["Name"]}
    add(house, "NEW", Client=whose)
    house.sync(Entity.JOBS)
    edits.change(house.xpm, "jobs", "NEW", {"State": "Completed"})
    uuid = renumber(house, "NEW", "2026/1")
    result = house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert (result.status, result.archived) == (RunStatus.SUCCESS, 0)
    assert (stored(house)[uuid]["number"], stored(house)[uuid]["state"]) == ("2026/1", "Completed")
    assert f"job.api/client/{client['UUID']}" in house.asked()


@pytest.mark.parametrize("number", AWKWARD)
def test_a_number_may_hold_any_character(sqlite_house: House, number: str) -> None:
    house = sqlite_house
    add(house, number)
    add(house, "2026")
    house.sync(Entity.JOBS)
    assert house.sync(Entity.CUSTOM_FIELDS, records=(number,)).message.key == "sync.values_chosen"
    edits.change(house.xpm, "jobs", number, {"State": "Completed"})
    house.sync(Entity.JOBS, SyncMode.CHANGES)
    key = house.key_of(number)
    assert stored(house)[key]["state"] == "Completed"
    edits.delete(house.xpm, "jobs", number)
    result = house.sync(Entity.JOBS)
    assert (result.status, result.archived) == (RunStatus.SUCCESS, 1)
    assert key not in house.active("job", "key")


def without_uuid(house: House, number: str = "NEW") -> None:
    """Sync a job whose UUID XPM leaves out, and its values."""
    edits.add(house.xpm, "jobs", {"ID": number, "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS)
    house.sync(Entity.CUSTOM_FIELDS)
    edits.change(house.xpm, "jobs", number, {"Budget": "about ten"})
    house.sync(Entity.JOBS)
    edits.change(house.xpm, "jobs", number, {"Budget": "10.00"})
    house.sync(Entity.JOBS)


@pytest.mark.also_on_postgresql("everything moves in SQL")
@pytest.mark.parametrize("mode", SyncMode)
def test_once_xpm_gives_its_uuid_everything_about_a_job_follows(house: House, mode: SyncMode) -> None:
    """No table is left out: none has the number anywhere but as the number."""
    without_uuid(house)
    assert house.key_of("NEW") == "NEW"
    before = {name: len(house.rows(name)) for name in StoreTable.metadata.tables}
    edits.change(house.xpm, "jobs", "NEW", {"UUID": "00000000-0000-4000-8000-00000000000a"})
    foreseen = house.preview(Entity.JOBS, mode)
    result = house.sync(Entity.JOBS, mode)
    assert (result.status, result.added, result.changed, result.archived) == (RunStatus.SUCCESS, 0, 1, 0)
    assert (foreseen.added, foreseen.changed, foreseen.archived) == (0, 1, 0)
    assert foreseen.source == result.source
    assert house.key_of("NEW") == "00000000-0000-4000-8000-00000000000a"
    for name in StoreTable.metadata.tables:
        for row in house.rows(name):
            assert [column for column, value in row.items() if value == "NEW" and column != "number"] == [], name
    assert {name: len(house.rows(name)) for name in ("job_check", "custom_field_comparison", "quarantine")} == {
        name: before[name] for name in ("job_check", "custom_field_comparison", "quarantine")
    }
    assert len(changes(house, "NEW")) == 3
    assert house.sync(Entity.JOBS).changed == 0


def test_a_revert_takes_back_a_run_from_before_xpm_gave_the_uuid(house: House) -> None:
    edits.add(house.xpm, "jobs", {"ID": "NEW", "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS, flow_run_id="first")
    edits.change(house.xpm, "jobs", "NEW", {"UUID": "00000000-0000-4000-8000-00000000000a"})
    house.sync(Entity.JOBS, flow_run_id="second")
    take_back(house, run="second")
    take_back(house, run="first")
    assert state(house)["job"] == []


def test_a_job_that_xpm_sends_without_its_uuid_is_the_one_that_has_its_number(house: House) -> None:
    house.sync(Entity.JOBS)
    number = house.name_of(house.rows("current_job")[0]["key"])
    key = house.key_of(number)
    edits.change(house.xpm, "jobs", number, {"UUID": "", "Name": "Renamed"})
    result = house.sync(Entity.JOBS)
    assert (result.status, result.added, result.changed, result.archived) == (RunStatus.SUCCESS, 0, 1, 0)
    assert (stored(house)[key]["name"], stored(house)[key]["uuid"]) == ("Renamed", key)
    assert house.sync(Entity.JOBS).changed == 0


def test_a_job_is_set_aside_if_nothing_tells_which_of_two_it_is(house: House) -> None:
    """Both had the number when FYI last heard of it, and XPM leaves the UUID out."""
    for number in ("NEW", "OTHER"):
        add(house, number)
    house.sync(Entity.JOBS)
    with house.database.write() as session:
        store_edits.edit(session, JOBS, SCOPE, house.key_of("OTHER"), {"number": "NEW"}, person=None, now=house.clock())
    edits.delete(house.xpm, "jobs", "OTHER")
    edits.change(house.xpm, "jobs", "NEW", {"UUID": ""})
    result = house.sync(Entity.JOBS)
    assert (result.status, result.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert [(entry.record_key, entry.reason) for entry in house.aside()] == [("NEW", SEVERAL)]


def test_the_values_of_a_job_have_their_history_under_its_number(house: House) -> None:
    house.sync_everything()
    owner = next(row["owner_key"] for row in house.rows("custom_field_value") if row["owner_kind"] == "job")
    assert changes(house, house.name_of(owner), JOB_CUSTOM_FIELDS)[0][0] is ChangeKind.ADDED
