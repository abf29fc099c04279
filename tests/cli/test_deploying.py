"""`fyi-xpm deploy` on a real Prefect server: runbooks, nightly schedules, and the automation over heartbeats."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.actions import DoNothing
from prefect.server.schemas.schedules import CronSchedule as ServedSchedule

from cli.deploying import POOL, deploy_runbooks, schedule_nights
from cli.doctor import DEPLOYMENTS
from cli.heartbeat import PATIENCE as SILENT_FOR
from cli.heartbeat import SILENCE, VANISHED, watch_endings, watch_heartbeats
from cli.notifying import PARAMETERS, send_news_when_it_waits
from flows.notify import notify
from flows.reconnect import reconnect
from flows.revert import revert
from flows.sync import sync
from tests.cli.shell import Installed, Shell
from xpm.store.vocabulary import ActivityStatus

pytestmark = [pytest.mark.xdist_group("prefect-of-cli"), pytest.mark.timeout(300)]

AUCKLAND, SYDNEY, BRISBANE = "Pacific/Auckland", "Australia/Sydney", "Australia/Brisbane"
SCHEDULED = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
PATIENCE = 90.0  # seconds for the scheduler
Found = TypeVar("Found")


def everything(client: SyncPrefectClient) -> list[Any]:
    """Everything deployed in Prefect, without the times of writing."""
    written = {"created", "updated", "last_polled", "status", "schedules"}
    kept = [one.model_dump(exclude=written) for one in deployed(client)]
    schedules = [(one.id, one.schedule, one.active, one.parameters) for of in deployed(client) for one in of.schedules]
    pools = [(pool.id, pool.name, pool.type) for pool in client.read_work_pools()]
    automations = [(one.id, one.name, one.trigger, one.actions) for one in client.read_automations()]
    return [kept, schedules, pools, automations]


def deployed(client: SyncPrefectClient) -> list[DeploymentResponse]:
    return [client.read_deployment_by_name(name) for name in DEPLOYMENTS]


def nights(client: SyncPrefectClient) -> dict[str | None, tuple[str | None, str, dict[str, Any]]]:
    """Each schedule of `overnight`: its zone, its hour and its parameters."""
    schedules = client.read_deployment_by_name("sync/overnight").schedules
    return {
        one.slug: (one.schedule.timezone, one.schedule.cron, one.parameters)
        for one in schedules
        if isinstance(one.schedule, CronSchedule)
    }


def schedule_of(client: SyncPrefectClient, slug: str) -> DeploymentSchedule:
    schedules = client.read_deployment_by_name("sync/overnight").schedules
    return next(one for one in schedules if one.slug == slug)


def planned(client: SyncPrefectClient, slug: str) -> list[FlowRun]:
    """The runs that the scheduler has created for a practice's coming nights."""
    overnight = client.read_deployment_by_name("sync/overnight")
    of_it = DeploymentFilter(id=DeploymentFilterId(any_=[overnight.id]))
    runs = client.read_flow_runs(deployment_filter=of_it, flow_run_filter=SCHEDULED)
    return [run for run in runs if run.parameters["practice"] == slug]


def eventually(look: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError("It did not happen in time.")


def test_deploying_again_adds_the_new_practices_and_changes_nothing_else(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    schedule_nights(prefect, [installed.add_practice()])
    watch_heartbeats(prefect)
    watch_endings(prefect)
    send_news_when_it_waits(prefect)
    found = everything(prefect)

    said = fyi_xpm("deploy")

    assert (said.code, said.err) == (0, "")
    assert "19:00 of their own time: harbour-vale." in said.out
    assert everything(prefect) == found


def test_the_runbooks_are_deployed_with_their_descriptions_and_parameters(
    prefect: SyncPrefectClient, deployed_once: None
) -> None:
    reset, by_hand, overnight, pushing, taking_back, watch, notice = deployed(prefect)

    assert "account is chosen" in str(reset.description)
    assert all(one.description and one.work_pool_name == POOL for one in deployed(prefect))
    assert reset.parameters == taking_back.parameters == notice.parameters == pushing.parameters == {}
    assert by_hand.parameters == {"trigger": "manual"}
    assert overnight.parameters == {"trigger": "overnight", "mode": "full"}
    assert [one.schedule for one in watch.schedules] == [CronSchedule(cron="*/15 * * * *")]
    assert [one.schedule for one in pushing.schedules] == [CronSchedule(cron="*/5 * * * *")]
    assert watch.global_concurrency_limit
    assert watch.global_concurrency_limit.limit == 1  # a slow watch is not overtaken by the next
    assert prefect.read_work_pool(POOL).type == "process"


def test_every_practice_syncs_at_seven_by_its_own_clock(
    installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    zones = {"south-coast": SYDNEY, "tasman-bay": AUCKLAND, "gold-reef": BRISBANE}

    schedule_nights(prefect, [installed.add_practice(slug, zone) for slug, zone in zones.items()])

    for slug, zone in zones.items():
        assert nights(prefect)[slug] == (zone, "0 19 * * *", {"practice": slug})
        starts = [run.expected_start_time for run in eventually(lambda: planned(prefect, slug))]  # noqa: B023
        assert all(start and start.utcoffset() == timedelta(0) for start in starts)
        local = [start.astimezone(ZoneInfo(zone)) for start in starts if start]
        assert {(one.hour, one.minute) for one in local} == {(19, 0)}


def test_a_practice_that_changes_time_zone_gets_its_schedule_corrected(
    installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    practice = installed.add_practice("west-end", SYDNEY)
    schedule_nights(prefect, [practice])
    practice.time_zone = BRISBANE

    schedule_nights(prefect, [practice])

    assert nights(prefect)["west-end"][0] == BRISBANE


def test_a_paused_schedule_stays_paused(installed: Installed, prefect: SyncPrefectClient, deployed_once: None) -> None:
    practice = installed.add_practice("quiet-cove", SYDNEY)
    schedule_nights(prefect, [practice])
    overnight = prefect.read_deployment_by_name("sync/overnight")
    prefect.update_deployment_schedule(overnight.id, schedule_of(prefect, "quiet-cove").id, active=False)
    practice.time_zone = BRISBANE

    schedule_nights(prefect, [practice])

    assert schedule_of(prefect, "quiet-cove").active is False


def test_a_paused_watch_over_connections_stays_paused(prefect: SyncPrefectClient, deployed_once: None) -> None:
    (schedule,) = prefect.read_deployment_by_name("watch/watch").schedules
    prefect.update_deployment_schedule(prefect.read_deployment_by_name("watch/watch").id, schedule.id, active=False)

    deploy_runbooks(prefect)

    (again,) = prefect.read_deployment_by_name("watch/watch").schedules
    assert (again.id, again.active) == (schedule.id, False)


def test_the_automation_over_heartbeats_is_created_once_and_then_updated(prefect: SyncPrefectClient) -> None:
    watch_heartbeats(prefect)
    (made,) = prefect.read_automations_by_name(VANISHED.name)
    prefect.update_automation(made.id, VANISHED.model_copy(update={"actions": [DoNothing()]}))

    watch_heartbeats(prefect)

    (watch,) = prefect.read_automations_by_name(VANISHED.name)
    assert (watch.id, watch.trigger, watch.actions) == (made.id, VANISHED.trigger, VANISHED.actions)
    assert watch.enabled


@pytest.mark.parametrize("zone", [SYDNEY, AUCKLAND, "Europe/London", BRISBANE, "America/St_Johns"])
def test_the_nightly_sync_starts_at_seven_local_time_in_summer_and_in_winter(zone: str) -> None:
    schedule = ServedSchedule(cron="0 19 * * *", timezone=zone)
    a_year = asyncio.run(schedule.get_dates(366, start=datetime(2026, 1, 1, tzinfo=UTC)))

    local = [moment.astimezone(ZoneInfo(zone)) for moment in a_year]

    assert len({moment.date() for moment in local}) == 366
    assert {(moment.hour, moment.minute) for moment in local} == {(19, 0)}


def test_the_automation_over_heartbeats_leaves_ended_runs_alone() -> None:
    endings = {"Completed", "Failed", "Cancelled", "Crashed", "Action Required", "Failure", *ActivityStatus}

    assert {f"prefect.flow-run.{ending}" for ending in endings} < SILENCE.expect


def test_three_heartbeats_fit_into_the_time_after_which_a_run_is_crashed(
    prefect: SyncPrefectClient, deployed_once: None
) -> None:
    for one in deployed(prefect):
        seconds = int(one.job_variables["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
        assert 3 * timedelta(seconds=seconds) <= SILENT_FOR


def test_schedules_and_commands_pass_the_parameters_that_the_runbooks_take() -> None:
    assert {"practice", "trigger", "mode", "entities", "person", "dry_run", "records", "confirm_missing"} == set(
        sync.parameters.properties
    )
    assert {"practice", "admin_email", "long_term_user", "answer_within_minutes", "another_account"} == set(
        reconnect.parameters.properties
    )
    assert {"practice", "run", "since", "person", "answer_within_minutes", "confirmed"} == set(
        revert.parameters.properties
    )
    assert set(PARAMETERS) == set(notify.parameters.properties) == set(notify.parameters.required)
