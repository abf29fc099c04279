"""What XPM sends and no model names is counted, told once, and harms nothing."""

import pytest

from tests.sync.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode


def told(house: House) -> list[str]:
    """What Practice Activity says of new elements."""
    entries = [row for row in house.rows("practice_activity") if row["kind"] == "sync.unknown_elements"]
    assert all(entry["status"] is ActivityStatus.ALERT for entry in entries)
    return [f"{entry['title']} {entry['detail']}" for entry in entries]


@pytest.mark.also_on_postgresql("a row is written once")
def test_a_new_element_is_told_once_with_where_it_stands_and_the_sync_is_well(house: House) -> None:
    house.sync(Entity.JOBS)
    before = told(house)
    house.order("new_element", "job.api", times=0, tag="Risk")
    for mode in (SyncMode.CHANGES, SyncMode.FULL, SyncMode.CHANGES):
        assert house.sync(Entity.JOBS, mode).status is RunStatus.SUCCESS
    (said,) = told(house)[len(before) :]
    assert said.startswith("Jobs: Xero Practice Manager sends details that FYI does not read yet They are: Job/Risk.")
    (kept,) = [row for row in house.rows("unknown_element") if row["path"] == "Job/Risk"]
    assert kept["record_table"] == "job"
    assert 0 < kept["count"] <= len(house.truth("jobs"))


def test_another_new_element_is_told_too_and_one_of_another_kind_of_record_for_itself(house: House) -> None:
    for path, tag in (("client.api", "Risk"), ("client.api", "Mood"), ("clientgroup.api", "Risk")):
        house.calm()
        house.order("new_element", path, times=0, tag=tag)
        house.sync(Entity.CLIENTS)
    said = told(house)
    assert [["Client/Risk" in one, "Client/Mood" in one, "Group/Risk" in one].index(True) for one in said] == [0, 1, 2]


def test_a_dry_run_leaves_telling_it_to_the_sync(house: House) -> None:
    house.order("new_element", "staff.api", times=0, tag="Risk")
    house.preview(Entity.STAFF)
    assert told(house) == []
    house.sync(Entity.STAFF)
    assert "Staff/Risk" in told(house)[0]
