"""On retry, lists that the earlier run finished are skipped, and missing records are still archived."""

import datetime as dt

import pytest

from sandbox.accounts import edits
from tests.pull.expected import assert_equals_truth
from tests.pull.house import LONG_AGO, SLUG, House
from tests.pull.test_killed import kill_once_it_stops
from tests.pull.worker import sync_and_hold_after_lists
from xpm.entities.jobs import windows
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.undo import revert
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest
from xpm.xero.errors import XeroError

LISTS = [
    *((Entity.JOBS, lists) for lists in (1, 2, 4, 5)),
    *((Entity.CLIENTS, lists) for lists in (1, 2)),
    (Entity.STAFF, 1),
]
"""How many lists of which sync are finished when its process is killed. Jobs: categories, current, three windows."""


def full_calls(house: House, entity: Entity) -> list[str]:
    """The calls of a sync that reads everything."""
    house.forget_calls()
    house.sync(entity)
    return house.asked()


def fail_before_the_last_window(house: House) -> None:
    """Make Xero fail from now on once a sync of jobs has read all its lists but one."""
    earlier = len(list(windows(LONG_AGO, house.clock().date()))) - 1
    house.order("status", "job.api/list", status=503, after=earlier, times=0)


def fail_at_the_last_window(house: House, flow_run_id: str | None = None) -> None:
    """Make a sync of jobs that ends in an outage before its last list."""
    fail_before_the_last_window(house)
    with pytest.raises(XeroError):
        house.sync(Entity.JOBS, flow_run_id=flow_run_id)
    house.calm()
    house.forget_calls()


@pytest.mark.also_on_postgresql("what was committed when")
@pytest.mark.parametrize(("entity", "lists"), LISTS)
def test_the_retry_of_a_killed_run_skips_finished_lists(house: House, entity: Entity, lists: int) -> None:
    calls = full_calls(house, entity)
    gone = {"jobs": "ID", "clients": "UUID", "staff": "UUID"}[entity]
    edits.delete(house.xpm, entity, house.truth(entity)[-1][gone])
    kill_once_it_stops(house, sync_and_hold_after_lists, entity, lists)
    house.forget_calls()
    assert house.sync(entity, flow_run_id="killed").status is RunStatus.SUCCESS
    asked_again = [path for path in house.asked() if not path.startswith(("job.api/get", "job.api/client"))]
    assert len(asked_again) == len(calls) - lists
    assert house.rows("finished_list") == []
    for each in EVERYTHING:
        assert house.sync(each).status is RunStatus.SUCCESS
    assert_equals_truth(house)


def test_a_retry_that_skipped_lists_archives_exactly_the_missing_records(house: House) -> None:
    house.sync(Entity.JOBS)
    job = house.truth("jobs")[0]
    gone, client = job["ID"], job["Client"]["UUID"]
    edits.delete(house.xpm, "jobs", gone)
    fail_at_the_last_window(house, "failed")
    result = house.sync(Entity.JOBS, flow_run_id="failed")
    assert house.asked() == ["job.api/list", f"job.api/get/{gone}", f"job.api/client/{client}"]
    assert (result.archived, result.source, result.stored) == (1, len(house.truth("jobs")), len(house.truth("jobs")))


@pytest.mark.parametrize(
    ("flow_run_id", "hours", "resumes"),
    [("failed", 23, True), ("failed", 25, False), ("another", 0, False), (None, 0, False)],
)
def test_only_a_retry_of_the_same_flow_run_within_a_day_skips_lists(
    house: House, flow_run_id: str | None, hours: int, resumes: bool
) -> None:
    fail_at_the_last_window(house, "failed")
    house.clock.ahead += dt.timedelta(hours=hours)
    house.sync(Entity.JOBS, flow_run_id=flow_run_id)
    windows_asked = house.asked().count("job.api/list")
    assert (windows_asked <= 2) == resumes  # the one that was left, and the newest, which has moved on by a day


def test_a_run_without_a_flow_run_retries_none(house: House) -> None:
    calls = full_calls(house, Entity.JOBS)
    fail_at_the_last_window(house)
    house.sync(Entity.JOBS)
    assert house.asked() == calls


def test_lists_are_read_again_after_any_other_run_of_their_kind(house: House) -> None:
    """A client that a sync of changes added in between is in none of the lists, but is not gone."""
    house.sync(Entity.CLIENTS)
    kill_once_it_stops(house, sync_and_hold_after_lists, Entity.CLIENTS, 2)
    house.clock.ahead += dt.timedelta(minutes=30)
    new = edits.add(house.xpm, "clients", {"Name": "Between"})["UUID"]
    house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert new in house.active("client", "uuid")
    result = house.sync(Entity.CLIENTS, flow_run_id="killed")
    assert result.archived == 0
    assert new in house.active("client", "uuid")


def test_lists_are_read_again_after_a_revert(house: House) -> None:
    house.sync(Entity.STAFF)
    fail_at_the_last_window(house, flow_run_id="failed")
    asked = RevertRequest(practice=SLUG, run="failed")
    seen = revert.preview(house.integration, asked)
    revert.revert(house.integration, asked, seen, WhenChangedSince.KEEP)
    assert house.active("job", "number") == set()
    house.sync(Entity.JOBS, flow_run_id="failed")
    assert house.active("job", "number") == {job["ID"] for job in house.truth("jobs")}


def test_a_list_with_an_unreadable_record_is_read_again_so_that_the_retry_reports_it(house: House) -> None:
    fail_before_the_last_window(house)
    house.order("bad_record", "job.api/list", times=0)
    with pytest.raises(XeroError):
        house.sync(Entity.JOBS, flow_run_id="failed")
    unreadable = len(house.aside())
    assert unreadable
    house.calm()
    house.order("bad_record", "job.api/list", times=0)
    assert house.sync(Entity.JOBS, flow_run_id="failed").status is RunStatus.ACTION_REQUIRED


def test_a_dry_run_reads_everything_and_leaves_the_lists(house: House) -> None:
    calls = full_calls(house, Entity.JOBS)
    fail_at_the_last_window(house)
    house.preview(Entity.JOBS)
    assert house.asked() == calls
    assert len(house.rows("finished_list")) == len(calls) - 1
