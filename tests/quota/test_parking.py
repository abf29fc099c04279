"""The priority of a sync's calls, and what it leaves for later."""

import datetime as dt

import pytest

from xpm.entities.names import Entity
from xpm.quota.parking import priority_of, rest_of, resumes_at
from xpm.store.vocabulary import CallPriority, SyncMode, SyncTrigger
from xpm.xero.errors import DayLimit, XeroUnavailable

NOW = dt.datetime(2026, 3, 2, 9, 30, 20, tzinfo=dt.UTC)
OVERNIGHT = SyncTrigger.OVERNIGHT


@pytest.mark.parametrize("mode", SyncMode)
@pytest.mark.parametrize("trigger", [SyncTrigger.MANUAL, SyncTrigger.CONTINUED, SyncTrigger.RECONNECT])
@pytest.mark.parametrize("entity", Entity)
def test_a_persons_request_comes_first(trigger: SyncTrigger, mode: SyncMode, entity: Entity) -> None:
    assert priority_of(trigger, mode, entity) is CallPriority.PEOPLE


def test_scheduled_changes_come_before_the_overnight_sync_and_that_before_verification() -> None:
    assert priority_of(OVERNIGHT, SyncMode.CHANGES, Entity.CUSTOM_FIELDS) is CallPriority.CHANGES
    assert priority_of(OVERNIGHT, SyncMode.FULL, Entity.JOBS) is CallPriority.OVERNIGHT
    assert priority_of(OVERNIGHT, SyncMode.FULL, Entity.CUSTOM_FIELDS) is CallPriority.VERIFICATION


def test_a_parked_sync_resumes_at_a_whole_minute_that_is_not_too_early() -> None:
    limit = DayLimit("Used up.", resumes_at=NOW)
    assert resumes_at(limit, NOW) == NOW.replace(minute=31, second=0)
    assert resumes_at(DayLimit("Used up.", resumes_at=NOW.replace(second=0)), NOW) == NOW.replace(second=0)
    assert resumes_at(DayLimit("Used up."), NOW) == NOW.replace(hour=10, minute=31, second=0)


def test_only_entities_stopped_by_the_day_limit_are_left_for_later_in_sync_order() -> None:
    later = DayLimit("Used up.", resumes_at=NOW + dt.timedelta(hours=2))
    outcomes = {
        Entity.STAFF: DayLimit("Used up.", resumes_at=NOW),
        Entity.CLIENTS: later,
        Entity.JOBS: XeroUnavailable("No answer."),
    }
    rest = rest_of("harbour-vale", SyncMode.FULL, OVERNIGHT, "", outcomes)
    assert rest is not None
    assert rest.entities == (Entity.CLIENTS, Entity.STAFF)
    assert rest.resumes_at == NOW.replace(hour=11, minute=31, second=0)
    assert rest_of("harbour-vale", SyncMode.FULL, OVERNIGHT, "", {Entity.JOBS: XeroUnavailable("No.")}) is None


def test_only_chosen_records_are_left_for_later() -> None:
    outcomes = {Entity.CUSTOM_FIELDS: DayLimit("Used up.", resumes_at=NOW)}
    chosen, all_of_them = (
        rest_of("harbour-vale", SyncMode.FULL, OVERNIGHT, "", outcomes, records=records) for records in (["J1"], [])
    )
    assert chosen is not None
    assert all_of_them is not None
    assert chosen.records == ("J1",)
    assert chosen.key != all_of_them.key
