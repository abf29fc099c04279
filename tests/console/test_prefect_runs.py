"""`PrefectRuns` against a real Prefect server, since no fake can show how a real one answers."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from prefect import Flow, flow, get_client, pause_flow_run, task
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.flow_engine import run_flow
from prefect.input import RunInput
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import AwaitingRetry, Cancelling, Running, Scheduled
from pydantic import Field, create_model

from console.prefect_runs import PrefectRuns
from console.runs import FlowRunSeen, NotDeployed, NotWaiting, RunsUnavailable, StepState, TaskSeen, UnknownFlowRun
from xpm.account.choice import none_of_these
from xpm.account.comparison import AccountComparison, KindCompared
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.vocabulary import SyncMode, SyncTrigger

pytestmark = pytest.mark.xdist_group("prefect")

SOON = 60.0  # seconds; the machine may be busy
HARBOUR, COASTAL = "Harbour & Vale · 2d41", "Coastal · 1f06"


COMPARED = AccountComparison(
    practice_name="Harbour & Vale",
    tenant_name="Harbour & Vale",
    until_now="none",
    kinds=(KindCompared(label="Clients", stored=0, in_xpm=3, same=0, same_name=0, newest_in_xpm=date(2026, 3, 2)),),
)


class Looks(RunInput):
    """A form without fields, like the one that waits for Xero's answer."""


class Asks(RunInput):
    """A form with a choice."""

    account: Literal["Harbour & Vale · 2d41", "Coastal · 1f06"]


class WantsName(RunInput):
    """A form for a name, with a comparison."""

    account_name: str = Field(json_schema_extra={"compared": COMPARED.model_dump(mode="json")})


@task(name="Check your user account")
def check() -> None:
    """A step that succeeds."""


@task(name="Allow access")
def refuse() -> None:
    """A step that fails."""
    raise ValueError


@flow(name="reconnect")
def asking(practice: str) -> str:
    """A flow that waits three times, as the runbook does."""
    check()
    pause_flow_run(wait_for_input=Looks, timeout=60, poll_interval=1, key="consent-0")
    refuse(return_state=True)
    chosen = pause_flow_run(wait_for_input=Asks, timeout=60, poll_interval=1, key="account-1").account
    confirmed = pause_flow_run(wait_for_input=WantsName, timeout=60, poll_interval=1, key="name-1").account_name
    return f"{chosen}, {confirmed}"


@flow(name="sync")
def syncing(practice: str, dry_run: bool = False) -> None:
    """A flow that is deployed but never run."""


@flow(name="cleaning")
def cleaning() -> None:
    """A flow that is not one of ours."""


@pytest.fixture
def server(prefect_url: str) -> PrefectRuns:
    return PrefectRuns()


@pytest.fixture
def deploy(prefect_url: str) -> Iterator[Callable[[Flow[Any, Any], str], None]]:
    """Deploy a flow until the test ends, since others use the same server."""
    made: list[UUID] = []
    with get_client(sync_client=True) as client:

        def deploy(flow: Flow[Any, Any], name: str) -> None:
            made.append(client.create_deployment(client.create_flow(flow), name))

        yield deploy
        for deployment in made:
            client.delete_deployment(deployment)


@pytest.fixture
def deploy_to(prefect_url: str) -> Iterator[Callable[[str], UUID]]:
    """Deploy a sync to a new work pool until the test ends."""
    with get_client(sync_client=True) as client:
        made: list[tuple[str, UUID]] = []

        def deploy(pool: str) -> UUID:
            client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
            made.append((pool, client.create_deployment(client.create_flow(syncing), pool, work_pool_name=pool)))
            return made[-1][1]

        yield deploy
        for pool, deployment in made:
            client.delete_deployment(deployment)
            client.delete_work_pool(pool)


def until(runs: PrefectRuns, run_id: UUID, is_so: Callable[[FlowRunSeen], bool]) -> FlowRunSeen:
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        if is_so(seen := runs.read(run_id)):
            return seen
        time.sleep(0.2)
    raise TimeoutError(seen)


def test_a_run_is_followed_woken_and_answered(server: PrefectRuns) -> None:
    chosen: list[object] = []
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(asking, parameters={"practice": "harbour-vale"})
    run_id = run.id

    def work() -> None:
        answer = run_flow(asking, run)
        chosen.append(answer)

    context = contextvars.copy_context()  # Prefect keeps its settings there
    worker = threading.Thread(target=context.run, args=(work,), daemon=True)
    worker.start()
    paused = until(server, run_id, lambda run: run.stage is StepState.PAUSED)
    assert (paused.runbook, paused.practice, paused.choices) == ("reconnect", "harbour-vale", ())
    until(server, run_id, lambda run: TaskSeen(name="Check your user account", stage=StepState.COMPLETED) in run.tasks)

    while True:  # the form is stored just after the pause
        try:
            server.wake(run_id)
        except NotWaiting:
            time.sleep(0.2)
        else:
            break
    asked = until(server, run_id, lambda run: bool(run.choices))
    assert asked.choices == (HARBOUR, COASTAL)
    until(server, run_id, lambda run: TaskSeen(name="Allow access", stage=StepState.FAILED) in run.tasks)
    with pytest.raises(NotWaiting):
        server.wake(run_id)
    with pytest.raises(NotWaiting):
        server.choose(run_id, "Somebody else's")

    server.choose(run_id, HARBOUR)
    named = until(server, run_id, lambda run: run.compared is not None)
    assert (named.compared, named.choices) == (COMPARED, ())
    with pytest.raises(NotWaiting):
        server.wake(run_id)
    server.confirm(run_id, "Harbour & Vale")
    worker.join()
    assert chosen == [f"{HARBOUR}, Harbour & Vale"]
    over = until(server, run_id, lambda run: run.stage is StepState.COMPLETED)
    assert over.ended is not None
    assert not over.asks
    with pytest.raises(NotWaiting):
        server.choose(run_id, HARBOUR)


@flow(name="reconnect")
def asking_with_a_way_out(practice: str) -> object:
    """A flow whose questions can be answered with "no"."""
    listed: Any = Literal[(HARBOUR, COASTAL, none_of_these())]
    choice = create_model("Asks", __base__=RunInput, account=(listed, ...))
    name = create_model("WantsName", __base__=WantsName, stop=(bool, False))
    chosen: Any = pause_flow_run(wait_for_input=choice, timeout=60, poll_interval=1, key="account-1")
    typed: Any = pause_flow_run(wait_for_input=name, timeout=60, poll_interval=1, key="name-1")
    return [chosen.account, typed.stop]


@pytest.mark.deep
def test_either_question_can_be_answered_with_no(server: PrefectRuns) -> None:
    answered: list[object] = []
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(asking_with_a_way_out, parameters={"practice": "harbour-vale"})
    context = contextvars.copy_context()  # Prefect keeps its settings there
    work = lambda: answered.append(run_flow(asking_with_a_way_out, run))  # noqa: E731
    worker = threading.Thread(target=context.run, args=(work,), daemon=True)
    worker.start()
    assert until(server, run.id, lambda seen: seen.asks).choices == (HARBOUR, COASTAL)
    server.stop(run.id)
    until(server, run.id, lambda seen: seen.compared is not None)
    server.stop(run.id)
    worker.join()
    assert answered == [[none_of_these(), True]]


def test_a_runbook_is_started_through_its_deployment_or_named_as_missing(
    server: PrefectRuns, deploy: Callable[[Flow[Any, Any], str], None]
) -> None:
    with pytest.raises(NotDeployed, match="sync/sync-practice"):
        server.start_sync("harbour-vale", [Entity.JOBS], SyncMode.FULL, "ana@harbourvale.example")
    deploy(syncing, "sync-practice")
    with get_client(sync_client=True) as client:
        run_id = server.start_sync("harbour-vale", [Entity.JOBS], SyncMode.CHANGES, "ana@harbourvale.example")
        parameters = client.read_flow_run(run_id).parameters
    assert parameters == {
        "practice": "harbour-vale",
        "entities": ["jobs"],
        "mode": "changes",
        "person": "ana@harbourvale.example",
    }
    seen = server.read(run_id)
    assert (seen.stage, seen.entities) == (StepState.STARTING, (Entity.JOBS,))


def test_a_reconnect_is_started_with_the_forms_answers(
    server: PrefectRuns, deploy: Callable[[Flow[Any, Any], str], None]
) -> None:
    deploy(asking, "reconnect-and-resync")
    with get_client(sync_client=True) as client:
        run_id = server.start_reconnect("harbour-vale", "ana@harbourvale.example", long_term_user=True)
        parameters = client.read_flow_run(run_id).parameters
    assert parameters == {
        "practice": "harbour-vale",
        "admin_email": "ana@harbourvale.example",
        "long_term_user": True,
        "another_account": False,
    }


@pytest.mark.parametrize(
    ("parameters", "entities", "trigger", "chosen"),
    [
        ({}, EVERYTHING, SyncTrigger.MANUAL, False),
        ({"trigger": "overnight", "mode": "full"}, EVERYTHING, SyncTrigger.OVERNIGHT, False),
        ({"entities": ["jobs"], "records": []}, (Entity.JOBS,), SyncTrigger.MANUAL, False),
        ({"entities": ["jobs"], "records": ["J1"]}, (Entity.JOBS, Entity.CUSTOM_FIELDS), SyncTrigger.MANUAL, True),
    ],
)
def test_a_sync_is_read_with_its_entities_whatever_parameters_it_was_given(
    server: PrefectRuns, parameters: dict[str, Any], entities: tuple[Entity, ...], trigger: SyncTrigger, chosen: bool
) -> None:
    with get_client(sync_client=True) as client:
        run_id = client.create_flow_run(syncing, parameters={"practice": "harbour-vale", **parameters}).id
    seen = server.read(run_id)
    assert (seen.entities, seen.trigger, seen.chosen) == (entities, trigger, chosen)


def test_a_reconnect_is_read_as_a_sync_of_everything(server: PrefectRuns) -> None:
    with get_client(sync_client=True) as client:
        run_id = client.create_flow_run(asking, parameters={"practice": "harbour-vale"}).id
    seen = server.read(run_id)
    assert (seen.entities, seen.trigger) == (EVERYTHING, SyncTrigger.RECONNECT)


def test_a_cancelled_run_is_read_as_about_to_end(server: PrefectRuns) -> None:
    with get_client(sync_client=True) as client:
        run_id = client.create_flow_run(asking, parameters={"practice": "harbour-vale"}).id
        seen: list[FlowRunSeen] = []
        states: list[State[Any]] = [Running(), Cancelling()]
        for state in states:
            client.set_flow_run_state(run_id, state, force=True)
            seen.append(server.read(run_id))
    assert [(run.stage, run.is_cancelling) for run in seen] == [(StepState.RUNNING, False), (StepState.RUNNING, True)]


def test_dry_runs_unknown_runs_and_runs_of_other_flows_are_unknown(server: PrefectRuns) -> None:
    with get_client(sync_client=True) as client:
        foreign = client.create_flow_run(cleaning).id
        dry_run = client.create_flow_run(syncing, parameters={"practice": "harbour-vale", "dry_run": True}).id
    for run_id in (foreign, dry_run, uuid4()):
        with pytest.raises(UnknownFlowRun):
            server.read(run_id)
    with pytest.raises(UnknownFlowRun):
        server.wake(uuid4())


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/api"])
def test_every_call_says_so_when_prefect_does_not_answer(url: str) -> None:
    runs = PrefectRuns()
    with temporary_settings({PREFECT_API_URL: url or None}):
        for call in (
            lambda: runs.read(uuid4()),
            lambda: runs.wake(uuid4()),
            lambda: runs.start_reconnect("harbour-vale", "ana@harbourvale.example", long_term_user=True),
        ):
            with pytest.raises(RunsUnavailable):
                call()


def test_a_run_is_due_when_it_was_last_scheduled_and_polled_while_a_worker_of_its_pool_lives(
    server: PrefectRuns, deploy_to: Callable[[str], UUID]
) -> None:
    pool = f"pool-{uuid4().hex[:8]}"
    deployment = deploy_to(pool)
    later = datetime.now(UTC) + timedelta(hours=5)
    with get_client(sync_client=True) as client:
        run_id = client.create_flow_run_from_deployment(
            deployment, parameters={"practice": "harbour-vale"}, state=Scheduled(scheduled_time=later)
        ).id
        seen = server.read(run_id)
        assert (seen.stage, seen.due, seen.is_polled) == (StepState.STARTING, later, False)
        client.set_flow_run_state(run_id, AwaitingRetry(), force=True)  # as Retry in Prefect does
        again = server.read(run_id)
        assert again.stage is StepState.STARTING
        assert datetime.now(UTC) - again.due < timedelta(minutes=1)
        client.send_worker_heartbeat(pool, "a worker", heartbeat_interval_seconds=30)
        assert server.read(run_id).is_polled


def test_a_task_that_waits_to_be_tried_again_is_running_and_has_a_time(server: PrefectRuns) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=33)
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(syncing, parameters={"practice": "harbour-vale"})
        client.create_task_run(check, run.id, "f0e1", name="Sync clients-f0e", state=AwaitingRetry(scheduled_time=soon))
    seen = until(server, run.id, lambda run: bool(run.tasks))
    assert seen.tasks == (TaskSeen(name="Sync clients", stage=StepState.RUNNING, again_at=soon),)
