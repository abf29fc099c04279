"""Jobs: no change feed, but a list for each creation window and a list of current jobs."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.accounts import edits
from sandbox.server import SandboxServer
from tests.pull.house import House, opened
from xpm.entities.entity import MOST_OF_FEW
from xpm.entities.jobs import windows
from xpm.entities.names import Entity
from xpm.store.engine.database import Database
from xpm.store.vocabulary import ArchiveReason, RunStatus, SyncMode
from xpm.xero.api import LONGEST_WINDOW
from xpm.xero.errors import XeroUnavailable

HISTORY_START = dt.date(2025, 1, 1)
BEFORE = dt.date(2021, 5, 4)


@pytest.fixture
def house(server: SandboxServer, database: Database) -> Iterator[House]:
    """A practice whose history begins late, with one old job that is open and one that is done."""
    with opened(server, database, history_start=HISTORY_START) as house:
        edits.add(house.xpm, "jobs", {"ID": "OLD-OPEN", "Name": "Estate", "State": "Planned"}, BEFORE)
        edits.add(house.xpm, "jobs", {"ID": "OLD-DONE", "Name": "Trust", "State": "Completed"}, BEFORE)
        edits.add(house.xpm, "jobs", {"ID": "NEW", "Name": "Return", "State": "In Progress"})
        yield house


def job(house: House, number: str) -> dict[str, object]:
    """A stored job."""
    return next(row for row in house.rows("job") if row["number"] == number)


def test_an_open_job_from_before_the_history_start_comes_with_the_current_jobs(house: House) -> None:
    house.sync(Entity.JOBS)
    assert "OLD-OPEN" in house.active("job", "number")
    assert "OLD-DONE" not in house.active("job", "number")


def test_a_job_no_longer_current_is_asked_for_once(house: House) -> None:
    house.sync(Entity.JOBS)
    edits.change(house.xpm, "jobs", "NEW", {"State": "Completed"})
    house.forget_calls()
    house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert house.asked("job.api") == ["job.api/current", "job.api/get/NEW"]
    assert job(house, "NEW")["state"] == "Completed"
    assert job(house, "NEW")["archived_at"] is None
    house.forget_calls()
    house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert house.asked("job.api") == ["job.api/current"]


@pytest.mark.parametrize("mode", SyncMode)
def test_an_empty_list_of_current_jobs_is_refused_if_there_were_many(house: House, mode: SyncMode) -> None:
    """Otherwise FYI would not notice if one of them is completed before a list has it again."""
    for _ in range(MOST_OF_FEW):
        edits.add(house.xpm, "jobs", {"Name": "Return", "State": "Planned"})
    house.sync(Entity.JOBS)
    current = house.rows("current_job")
    house.order("empty_list", "job.api/current")
    house.forget_calls()
    result = house.sync(Entity.JOBS, mode)
    assert result.message.key == "sync.too_many_missing"
    assert house.rows("current_job") == current
    assert not [path for path in house.asked() if path.startswith("job.api/get")]
    edits.change(house.xpm, "jobs", "NEW", {"State": "Completed"})
    assert house.sync(Entity.JOBS, SyncMode.CHANGES).status is RunStatus.SUCCESS
    assert job(house, "NEW")["state"] == "Completed"


def test_a_reopened_job_is_current_again_and_asked_for_when_it_leaves_again(house: House) -> None:
    house.sync(Entity.JOBS)
    for state in ("Completed", "Planned", "Completed"):
        edits.change(house.xpm, "jobs", "NEW", {"State": state})
        house.forget_calls()
        house.sync(Entity.JOBS, SyncMode.CHANGES)
        assert job(house, "NEW")["state"] == state
        assert ("job.api/get/NEW" in house.asked("job.api")) == (state == "Completed")


def test_a_completed_job_outside_the_windows_is_not_archived(house: House) -> None:
    house.sync(Entity.JOBS)
    edits.change(house.xpm, "jobs", "OLD-OPEN", {"State": "Completed"})
    for mode in (SyncMode.CHANGES, SyncMode.FULL, SyncMode.FULL):
        result = house.sync(Entity.JOBS, mode)
        assert (result.status, result.archived) == (RunStatus.SUCCESS, 0)
        assert job(house, "OLD-OPEN")["archived_at"] is None
        assert job(house, "OLD-OPEN")["state"] == "Completed"
    assert result.source == result.stored


def test_many_completed_jobs_outside_the_windows_are_not_suspicious(house: House) -> None:
    """A practice collects them over the years. Each is asked for, and each still exists."""
    for number in range(30):
        edits.add(house.xpm, "jobs", {"ID": f"AGED-{number}", "Name": "Estate", "State": "Planned"}, BEFORE)
    house.sync(Entity.JOBS)
    for number in range(30):
        edits.change(house.xpm, "jobs", f"AGED-{number}", {"State": "Completed"})
    for mode in (SyncMode.CHANGES, SyncMode.FULL):
        assert house.sync(Entity.JOBS, mode).status is RunStatus.SUCCESS
    assert {f"AGED-{number}" for number in range(30)} <= house.active("job", "number")


@pytest.mark.also_on_postgresql("one path of the rule")
@pytest.mark.parametrize("mode", SyncMode)
def test_a_deleted_job_is_asked_for_and_archived_and_restored_when_it_comes_back(house: House, mode: SyncMode) -> None:
    house.sync(Entity.JOBS)
    edits.delete(house.xpm, "jobs", "NEW")
    result = house.sync(Entity.JOBS, mode)
    assert result.archived == 1
    assert job(house, "NEW")["archived_reason"] is ArchiveReason.ABSENT
    edits.add(house.xpm, "jobs", {"ID": "NEW", "Name": "Return", "State": "In Progress"})
    result = house.sync(Entity.JOBS, mode)
    assert result.restored == 1
    assert job(house, "NEW")["archived_at"] is None


@pytest.mark.parametrize("mode", SyncMode)
@pytest.mark.parametrize(
    "answer", [{"kind": "status", "status": 500}, {"kind": "status", "status": 400}, {"kind": "garbage"}]
)
def test_a_job_stays_as_it_is_and_is_asked_for_again_if_xero_fails_for_it_only(
    house: House, mode: SyncMode, answer: dict[str, Any]
) -> None:
    house.sync(Entity.JOBS)
    before = job(house, "NEW")
    edits.delete(house.xpm, "jobs", "NEW")
    house.order(path="job.api/get/NEW", times=0, **answer)
    for _ in range(2):
        result = house.sync(Entity.JOBS, mode)
        assert (result.status, result.quarantined, result.archived) == (RunStatus.ACTION_REQUIRED, 1, 0)
        assert "NEW" in result.message.next
        assert result.source == result.stored
        assert job(house, "NEW") == before
    assert [(entry.entity, entry.record_key) for entry in house.aside()] == [("job", house.key_of("NEW"))]
    house.calm()
    assert house.sync(Entity.JOBS, mode).archived == 1


def test_jobs_for_which_xero_fails_stop_no_other(house: House) -> None:
    numbers = [f"DONE-{number}" for number in range(8)]
    for number in numbers:
        edits.add(house.xpm, "jobs", {"ID": number, "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS)
    for number in numbers:
        edits.change(house.xpm, "jobs", number, {"State": "Completed"})
    for number in numbers[::2]:
        house.order("status", f"job.api/get/{number}", status=500, times=0)
    assert house.sync(Entity.JOBS, SyncMode.CHANGES).quarantined == 4
    assert [job(house, number)["state"] for number in numbers] == ["Planned", "Completed"] * 4


def test_if_xero_fails_for_several_jobs_in_a_row_the_run_ends_and_none_is_quarantined(house: House) -> None:
    for number in range(4):
        edits.add(house.xpm, "jobs", {"ID": f"GONE-{number}", "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS)
    stored = house.active("job", "number")
    for number in range(4):
        edits.delete(house.xpm, "jobs", f"GONE-{number}")
    house.order("status", "job.api/get", status=500, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.JOBS)
    assert (house.active("job", "number"), house.aside()) == (stored, [])


def test_more_missing_jobs_than_a_run_may_ask_for_are_suspicious_and_none_is_asked_for(house: House) -> None:
    house.sync(Entity.JOBS)
    house.order("empty_list", "job.api/list", times=0)
    house.order("empty_list", "job.api/current", times=0)
    house.forget_calls()
    result = house.with_settings(xero_calls_per_day=30).sync(Entity.JOBS)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.key == "sync.too_many_missing"
    assert house.asked("job.api/get") == []
    assert result.archived == 0


def test_after_a_suspicious_list_of_current_jobs_the_same_jobs_are_asked_for_again(house: House) -> None:
    house.sync(Entity.JOBS)
    noted = house.rows("current_job")
    house.order("empty_list", "job.api/current")
    house.with_settings(xero_calls_per_day=10).sync(Entity.JOBS, SyncMode.CHANGES)
    assert house.rows("current_job") == noted


def test_wrongly_empty_lists_archive_no_job_that_xpm_still_knows(house: House) -> None:
    house.sync(Entity.JOBS)
    stored = house.active("job", "number")
    house.order("empty_list", "job.api/list", times=0)
    house.order("empty_list", "job.api/current", times=0)
    house.sync(Entity.JOBS)
    assert house.active("job", "number") == stored


def test_a_job_dated_tomorrow_is_in_a_window(house: House) -> None:
    """Tomorrow begins first in Sydney, and XPM does not say by which clock it dates a job, so tomorrow is asked for."""
    today = house.xpm.clock.today()
    edits.add(
        house.xpm, "jobs", {"ID": "TOMORROW", "Name": "Early", "State": "Completed"}, today + dt.timedelta(days=1)
    )
    house.sync(Entity.JOBS)
    assert "TOMORROW" in house.active("job", "number")


@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 9000))
def test_windows_cover_every_day_once_and_none_is_too_long(start: dt.date, days: int) -> None:
    today = start + dt.timedelta(days=days)
    found = list(windows(start, today))
    assert found[0][1] == today + dt.timedelta(days=1)
    assert found[-1][0] == start
    assert all(dt.timedelta(0) <= last - first <= LONGEST_WINDOW for first, last in found)
    assert all(later[0] - earlier[1] == dt.timedelta(days=1) for later, earlier in pairwise(found))


def test_a_history_that_has_not_begun_has_no_windows() -> None:
    assert list(windows(dt.date(2030, 1, 1), dt.date(2026, 1, 1))) == []


def test_a_run_also_counts_the_calls_for_deleted_jobs(house: House) -> None:
    house.sync(Entity.JOBS)
    edits.delete(house.xpm, "jobs", "NEW")
    before = house.metered()
    result = house.sync(Entity.JOBS)
    after = house.metered()
    assert result.archived == 1
    assert (result.calls, result.bytes) == (after[0] - before[0], after[1] - before[1])
