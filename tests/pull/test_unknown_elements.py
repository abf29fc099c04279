"""Elements that no model names are counted, reported once, and harmless."""

import pytest

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode


def reported(house: House) -> list[str]:
    """What Practice Activity says about new elements."""
    entries = [row for row in house.rows("practice_activity") if row["kind"] == "sync.unknown_elements"]
    assert all(entry["status"] is ActivityStatus.ALERT for entry in entries)
    return [f"{entry['title']} {entry['detail']}" for entry in entries]


@pytest.mark.also_on_postgresql("a row is written once")
def test_a_new_element_is_reported_once_with_its_path_and_the_sync_succeeds(house: House) -> None:
    house.sync(Entity.JOBS)
    before = reported(house)
    house.order("new_element", "job.api", times=0, tag="Risk")
    for mode in (SyncMode.CHANGES, SyncMode.FULL, SyncMode.CHANGES):
        assert house.sync(Entity.JOBS, mode).status is RunStatus.SUCCESS
    (entry,) = reported(house)[len(before) :]
    assert entry.startswith("Jobs: Xero Practice Manager sends details that FYI does not read yet They are: Job/Risk.")
    (kept,) = [row for row in house.rows("unknown_element") if row["path"] == "Job/Risk"]
    assert kept["record_table"] == "job"
    assert 0 < kept["count"] <= len(house.truth("jobs"))


def test_another_new_element_is_reported_too_and_each_kind_of_record_separately(house: House) -> None:
    for path, tag in (("client.api", "Risk"), ("client.api", "Mood"), ("clientgroup.api", "Risk")):
        house.calm()
        house.order("new_element", path, times=0, tag=tag)
        house.sync(Entity.CLIENTS)
    entries = reported(house)
    assert [["Client/Risk" in one, "Client/Mood" in one, "Group/Risk" in one].index(True) for one in entries] == [
        0,
        1,
        2,
    ]


def test_a_dry_run_leaves_new_elements_to_the_sync(house: House) -> None:
    house.order("new_element", "staff.api", times=0, tag="Risk")
    house.preview(Entity.STAFF)
    assert reported(house) == []
    house.sync(Entity.STAFF)
    assert "Staff/Risk" in reported(house)[0]
