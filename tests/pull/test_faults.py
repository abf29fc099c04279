"""Whatever fails at whichever call, no run claims more than it did, and one clean sync puts everything right."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.accounts import edits
from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.profiles import deep_but
from tests.pull.conftest import UNLIMITED
from tests.pull.expected import assert_equals_truth
from tests.pull.house import House, opened
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.words import Stopped
from xpm.xero.errors import DayLimit, XeroError

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

FAULTS: dict[str, dict[str, Any]] = {
    "outage": {"kind": "status", "status": 503},
    "server error": {"kind": "status", "status": 500},
    "minute limit": {"kind": "limit", "problem": "minute", "retry_after": 5},
    "day limit": {"kind": "limit", "problem": "day", "retry_after": 40_000},
    "reset": {"kind": "reset"},
    "lost answer": {"kind": "lost_answer"},
    "cut short": {"kind": "truncate", "fraction": 0.7},
    "expired token": {"kind": "token_expired"},
    "no container": {"kind": "no_container"},
}
OUTLIVED = {"expired token", "outage", "server error", "minute limit", "reset", "lost answer", "cut short"}
"""Faults that a run survives if they happen once before any record arrives. Short lists arrive whole or not at all."""

LASTING = ("outage", "reset", "cut short", "day limit", "no container")


@pytest.fixture
def tiny_house(sqlite_database: Database) -> Iterator[House]:
    """A connected practice with a few records of each kind, so that a fault can be tried at every call."""
    world = small_world(jobs=1, clients=3, staff=2, returns=2, limits=UNLIMITED)
    with SandboxServer(world) as server:
        today = world.clock.today()
        with opened(server, sqlite_database, history_start=today - dt.timedelta(days=400)) as house:
            edits.delete(house.xpm, "jobs", house.truth("jobs")[0]["ID"])  # from before that
            for state in ("Planned", "In Progress", "Completed"):
                edits.add(house.xpm, "jobs", {"Name": "Advice", "State": state})
            yield house


def make_edits(house: House) -> None:
    """Make some edits of every kind, so that the sync has something to do."""
    clients, jobs, staff = (house.truth(entity) for entity in ("clients", "jobs", "staff"))
    edits.change(house.xpm, "clients", clients[0]["UUID"], {"Phone": "(02) 5550 0105"})
    edits.archive(house.xpm, clients[1]["UUID"])
    edits.change(house.xpm, "jobs", jobs[0]["ID"], {"Budget": "1.00"})
    edits.delete(house.xpm, "jobs", jobs[1]["ID"])
    edits.delete(house.xpm, "staff", staff[0]["UUID"])
    edits.delete(house.xpm, "tax_returns", house.truth("tax_returns")[0]["returnId"])


def attempt(house: House, entity: Entity) -> RunStatus | type[Exception]:
    """Synchronise, and return the result or the error."""
    try:
        return house.sync(entity).status
    except (XeroError, Stopped) as error:
        return type(error)


def calls_of(house: House, entity: Entity) -> int:
    """How many calls a sync of this entity makes."""
    house.forget_calls()
    house.sync(entity)
    house.asked()
    return len([call for call in house.server.world.request_log.requests() if call["area"] in {"xpm", "tax"}])


@pytest.mark.parametrize("fault", deep_but({"outage", "expired token", "no container"}, FAULTS))
def test_a_fault_at_any_call_is_survived_or_reported_and_put_right_by_the_next_sync(
    tiny_house: House, fault: str
) -> None:
    house = tiny_house
    house.sync_everything()
    for entity in EVERYTHING:
        count = calls_of(house, entity)
        assert count > 0
        for call in range(count):
            area = "tax" if entity is Entity.TAX_RETURNS else "xpm"
            order = house.order(**FAULTS[fault], area=area, after=call)
            outcome = attempt(house, entity)
            assert order.struck == 1
            _assert_honest(house, entity, fault, outcome)
            house.calm()
            house.forget_limits()
    for entity in (Entity.CLIENTS, Entity.JOBS, Entity.STAFF, Entity.TAX_RETURNS, Entity.CUSTOM_FIELDS):
        assert house.sync(entity).status is RunStatus.SUCCESS
    assert_equals_truth(house)
    assert house.aside() == []


def _assert_honest(house: House, entity: Entity, fault: str, outcome: object) -> None:
    run = house.runs()[-1]
    assert run.finished_at is not None
    if outcome is RunStatus.SUCCESS:
        assert fault in OUTLIVED
        assert run.source_count == run.stored_count == len(house.truth(entity))
    else:
        parked = {RunStatus.PARKED} if fault == "day limit" else set()
        assert run.status in parked or run.status in {RunStatus.FAILURE, RunStatus.ACTION_REQUIRED} - parked
        assert run.watermark is None


@pytest.mark.parametrize("fault", deep_but({"cut short", "day limit"}, LASTING))
@pytest.mark.parametrize("entity", [Entity.CLIENTS, Entity.JOBS])
def test_a_first_sync_that_was_cut_short_anywhere_is_put_right_by_the_next(
    house: House, fault: str, entity: Entity
) -> None:
    """These faults persist, so no retry helps."""
    path = {Entity.CLIENTS: "client.api/list", Entity.JOBS: "job.api/current"}[entity]
    house.order(**FAULTS[fault], path=path, times=0)
    with pytest.raises(XeroError):
        house.sync(entity)
    assert [run.status for run in house.runs()] == [RunStatus.PARKED if fault == "day limit" else RunStatus.FAILURE]
    house.calm()
    house.forget_limits()
    for each in EVERYTHING:
        assert house.sync(each).status is RunStatus.SUCCESS
    assert_equals_truth(house)


def test_edits_made_while_syncs_fail_arrive_with_the_first_successful_sync(house: House) -> None:
    house.sync_everything()
    make_edits(house)
    for entity in EVERYTHING:
        house.order("status", status=503, times=0)
        house.order("status", area="tax", status=503, times=0)
        with pytest.raises(XeroError):
            house.sync(entity, SyncMode.CHANGES)
        house.calm()
    for entity in (Entity.CLIENTS, Entity.JOBS, Entity.STAFF, Entity.TAX_RETURNS, Entity.CUSTOM_FIELDS):
        house.sync(entity)
    assert_equals_truth(house)


def test_a_sync_does_not_wait_out_a_day_limit(house: House) -> None:
    house.order(**FAULTS["day limit"], path="client.api/list", times=0)
    house.forget_calls()
    with pytest.raises(DayLimit):
        house.sync(Entity.CLIENTS)
    assert house.asked("client.api/list") == ["client.api/list"]
