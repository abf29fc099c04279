"""A sync that meets the day's limit is parked, continues by itself and says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled

from flows.ending import state_of
from flows.sync import sync
from sandbox.faults import fault_from
from sandbox.world import MERE
from tests.flows.office import SLUG, Office
from tests.flows.test_sync import retried
from xpm.entities.names import Entity
from xpm.pull.summary import sum_up
from xpm.quota.parking import rest_of
from xpm.store.pull import runs
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger
from xpm.words import Stopped
from xpm.words.moments import day_in
from xpm.xero.errors import DayLimit

USED_UP = {
    "area": "xpm",
    "kind": "limit",
    "problem": "day",
    "retry_after": 40_000,
    "path": "client.api/list",
    "times": 0,
}

pytestmark = pytest.mark.xdist_group("prefect")


class Deployed:
    """The deployment that continues parked syncs, and the runs scheduled for it."""

    def __init__(self) -> None:
        with get_client(sync_client=True) as client:
            flow_id = client.create_flow_from_name("sync")
            self.id = client.create_deployment(flow_id, "sync-practice", enforce_parameter_schema=False)

    def scheduled(self) -> list[FlowRun]:
        with get_client(sync_client=True) as client:
            return client.read_flow_runs(
                deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[self.id])),
            )

    def remove(self) -> None:
        with get_client(sync_client=True) as client:
            for run in self.scheduled():
                client.delete_flow_run(run.id)
            client.delete_deployment(self.id)


@pytest.fixture
def deployed(office: Office) -> Iterator[Deployed]:
    """The deployment, as `fyi-xpm deploy` makes it."""
    found = Deployed()
    yield found
    found.remove()


@pytest.fixture
def used_up(connected: Office) -> Office:
    """An office that has just reconnected, and whose day is used up when clients are requested."""
    connected.sandbox.world.faults.inject(fault_from(USED_UP))
    return connected


def said(office: Office, kind: str) -> list[tuple[ActivityStatus, str]]:
    return [(entry.status, entry.title) for entry in office.activity() if entry.kind == kind]


def test_an_overnight_sync_that_meets_the_days_limit_is_parked_and_continued_once(
    used_up: Office, deployed: Deployed
) -> None:
    before = datetime.now(UTC)
    state = sync(
        SLUG, [Entity.STAFF, Entity.CLIENTS, Entity.TAX_RETURNS], trigger=SyncTrigger.OVERNIGHT, return_state=True
    )
    assert (state.name, state.is_completed()) == ("Parked", True)
    (run,) = deployed.scheduled()
    assert run.state is not None
    assert run.state.is_scheduled()
    resumes_at = run.state.state_details.scheduled_time
    assert resumes_at is not None
    assert before + timedelta(seconds=40_000) <= resumes_at < before + timedelta(seconds=40_120)
    assert run.parameters == {
        "practice": SLUG,
        "entities": ["clients", "staff", "tax_returns"],
        "mode": "full",
        "trigger": "overnight",
        "person": "",
        "records": [],
        "confirm_missing": 0,
    }
    shown = day_in(resumes_at, "Australia/Sydney")
    assert said(used_up, "sync.parked") == [
        (ActivityStatus.IN_PROGRESS, f"Clients, Staff, Tax returns: the sync continues at {shown}")
    ]
    assert shown in (state.message or "")
    assert said(used_up, "sync.rate_limited") == []
    with used_up.database.read() as session:
        latest = runs.latest(session, SLUG)
    assert [latest[entity].status for entity in ("jobs", "clients", "staff")] == [
        RunStatus.SUCCESS,
        RunStatus.PARKED,
        RunStatus.PARKED,
    ]
    assert latest["clients"].resumes_at == resumes_at

    assert retried(state).name == "Parked"
    assert [one.id for one in deployed.scheduled()] == [run.id]


def test_a_person_whose_sync_meets_the_days_limit_is_told_when_it_continues(
    used_up: Office, deployed: Deployed
) -> None:
    state = sync(SLUG, [Entity.CLIENTS], SyncMode.FULL, SyncTrigger.MANUAL, MERE, return_state=True)
    assert (state.name, state.is_completed()) == ("Parked", True)
    (run,) = deployed.scheduled()
    assert (run.parameters["person"], run.parameters["trigger"]) == (MERE, "continued")
    (entry,) = [entry for entry in used_up.activity() if entry.kind == "sync.parked"]
    assert entry.title.startswith("Clients: the sync continues at ")
    assert entry.next_step == "Nothing has to be done: it continues by itself."
    flow_run = str(state.state_details.flow_run_id)
    assert {one.status for one in used_up.activity() if one.flow_run_id == flow_run} == {ActivityStatus.IN_PROGRESS}


def test_a_cancelled_continuation_is_scheduled_again_once(used_up: Office, deployed: Deployed) -> None:
    ended = sync(SLUG, [Entity.CLIENTS], trigger=SyncTrigger.OVERNIGHT, return_state=True)
    (cancelled,) = deployed.scheduled()
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(cancelled.id, Cancelled(), force=True)
    assert [retried(ended).name for _ in range(2)] == ["Parked", "Parked"]
    states = [run.state.is_scheduled() for run in deployed.scheduled() if run.state]
    assert sorted(states) == [False, True]


def test_a_continuation_that_began_too_early_is_scheduled_again(used_up: Office, deployed: Deployed) -> None:
    sync(SLUG, [Entity.CLIENTS], trigger=SyncTrigger.OVERNIGHT, return_state=True)
    (early,) = deployed.scheduled()
    assert early.state is not None
    assert retried(early.state).name == "Parked"
    assert len([run for run in deployed.scheduled() if run.state and run.state.is_scheduled()]) == 1


def test_what_a_person_confirmed_also_holds_for_the_rest(used_up: Office, deployed: Deployed) -> None:
    for confirmed in (0, 30):
        sync(SLUG, [Entity.CLIENTS], confirm_missing=confirmed, return_state=True)
    assert sorted(run.parameters["confirm_missing"] for run in deployed.scheduled()) == [0, 30]


def test_a_run_does_not_promise_to_continue_if_nothing_can_be_scheduled(used_up: Office) -> None:
    state = sync(SLUG, [Entity.CLIENTS], trigger=SyncTrigger.OVERNIGHT, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    (entry,) = [entry for entry in used_up.activity() if entry.kind == "sync.not_continued"]
    assert "Sync again after" in (entry.next_step or "")


def test_a_continuation_finishes_what_was_left(used_up: Office, deployed: Deployed) -> None:
    sync(SLUG, [Entity.CLIENTS], trigger=SyncTrigger.OVERNIGHT, return_state=True)
    (run,) = deployed.scheduled()
    used_up.sandbox.world.faults.clear()
    used_up.a_day_later()
    assert sync(**run.parameters, return_state=True).name == "Completed"
    with used_up.database.read() as session:
        assert runs.latest(session, SLUG)["clients"].status is RunStatus.SUCCESS


def test_a_reconnect_that_meets_the_days_limit_is_parked_not_failed() -> None:
    """Only its end is tried here: how the outcomes of a reconnect's syncs sum up."""
    limit = DayLimit("Xero's limit is reached.", resumes_at=datetime(2031, 3, 2, 8, 30, tzinfo=UTC))
    rest = rest_of(SLUG, SyncMode.FULL, SyncTrigger.RECONNECT, MERE, {Entity.CLIENTS: limit})
    assert rest is not None
    summed = sum_up("Harbour & Vale", SyncTrigger.RECONNECT, {Entity.CLIENTS: Stopped(rest.message(is_scheduled=True))})
    assert summed.status is ActivityStatus.IN_PROGRESS
    assert summed.title == "Harbour & Vale is reconnected, but not up to date yet; the sync continues by itself"
    assert state_of(summed).name == "Parked"
