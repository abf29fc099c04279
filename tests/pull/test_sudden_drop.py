"""A full sync that suddenly finds far fewer records than the last one is not a success, even if nothing is archived."""

import pytest

from sandbox.accounts import edits
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.quota.parking import rest_of
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.xero.errors import DayLimit


def had(house: House, count: int) -> None:
    """Pretend that the last successful full sync of staff found this many in XPM."""
    run_id = house.sync(Entity.STAFF).run_id
    with house.database.write() as session:
        run = house.run(run_id)
        run.source_count = count
        session.add(run)


def staffed(house: House, count: int) -> None:
    for number in range(count - len(house.truth("staff"))):
        edits.add(house.xpm, "staff", {"Name": f"Person {number}"})


def test_a_drop_below_half_needs_action_even_if_nothing_was_archived(house: House) -> None:
    had(house, 500)
    result = house.sync(Entity.STAFF)
    assert (result.status, result.message.key, result.archived) == (RunStatus.ACTION_REQUIRED, "sync.sudden_drop", 0)
    assert result.message.title == "Staff: Xero Practice Manager has 4 where it had 500 at the last full sync"
    assert house.run(result.run_id).watermark is None


@pytest.mark.parametrize(("before", "is_drop"), [(60, False), (61, True)])
def test_less_than_half_is_a_drop_and_exactly_half_is_not(sqlite_house: House, before: int, is_drop: bool) -> None:
    staffed(sqlite_house, 30)
    had(sqlite_house, before)
    assert (sqlite_house.sync(Entity.STAFF).status is RunStatus.ACTION_REQUIRED) == is_drop


@pytest.mark.parametrize(("before", "is_drop"), [(8, False), (9, True)])
def test_a_drop_is_also_seen_in_a_small_practice(sqlite_house: House, before: int, is_drop: bool) -> None:
    had(sqlite_house, before)
    assert (sqlite_house.sync(Entity.STAFF).status is RunStatus.ACTION_REQUIRED) == is_drop


@pytest.mark.also_on_postgresql("the newest row is found by SQL")
def test_a_drop_is_reported_until_a_person_asks_for_the_sync_again(house: House) -> None:
    had(house, 500)
    statuses = [house.sync(Entity.STAFF, trigger=SyncTrigger.OVERNIGHT).status for _ in range(2)]
    assert statuses == [RunStatus.ACTION_REQUIRED] * 2
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    assert house.sync(Entity.STAFF, trigger=SyncTrigger.OVERNIGHT).status is RunStatus.SUCCESS


def test_a_continued_sync_does_not_confirm_a_drop_reported_since_it_was_asked_for(house: House) -> None:
    had(house, 500)
    limit = {Entity.STAFF: DayLimit("Used up.", resumes_at=house.clock())}
    rest = rest_of("harbour-vale", SyncMode.FULL, SyncTrigger.MANUAL, "", limit)
    assert rest
    statuses = [
        house.sync(Entity.STAFF, trigger=trigger).message.key for trigger in (SyncTrigger.OVERNIGHT, rest.trigger)
    ]
    assert statuses == ["sync.sudden_drop"] * 2
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


def test_too_many_missing_records_keep_their_own_message(house: House) -> None:
    staffed(house, 60)
    house.sync(Entity.STAFF)
    house.order("empty_list", "staff.api/list")
    assert house.sync(Entity.STAFF).message.key == "sync.too_many_missing"


def test_only_a_run_that_reported_the_drop_lets_a_person_confirm_it(sqlite_house: House) -> None:
    house = sqlite_house
    staffed(house, 60)
    had(house, 500)
    house.order("empty_list", "staff.api/list", times=1)
    assert house.sync(Entity.STAFF, trigger=SyncTrigger.OVERNIGHT).message.key == "sync.too_many_missing"
    house.calm()
    assert house.sync(Entity.STAFF).message.key == "sync.sudden_drop"
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


def test_a_sync_of_changes_cannot_drop_since_it_counts_nothing(house: House) -> None:
    house.sync(Entity.CLIENTS)
    with house.database.write() as session:
        run = house.runs()[-1]
        run.source_count = 500
        session.add(run)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).status is RunStatus.SUCCESS


def test_a_dry_run_predicts_the_drop(house: House) -> None:
    had(house, 500)
    told = house.preview(Entity.STAFF)
    assert told.status is RunStatus.ACTION_REQUIRED
    assert "has 4 where it had 500" in told.message.title
