"""A worker that is killed in the middle of a sync, and the retry that finishes the run."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.states import Crashed, Scheduled

from sandbox.faults import fault_from
from tests.flows.office import SLUG, Office, eventually
from tests.prefect_server import PASSWORD
from xpm.store.pull import runs
from xpm.store.vocabulary import RunStatus

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.deep]

ROOT = Path(__file__).parents[2]
SLOW = {"area": "xpm", "path": "client.api/list", "kind": "drip", "bytes": 64, "delay": 0.05, "times": 1}


@pytest.fixture
def environment(office: Office, prefect_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of the worker and its runs."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    fast = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    server = {"PREFECT_API_URL": prefect_url, "PREFECT_API_AUTH_STRING": PASSWORD, "PREFECT_HOME": str(tmp_path)}
    return {**given, **office.environment(), **fast, **server, "PYTHONPATH": str(ROOT)}


def test_a_retry_after_a_killed_worker_finishes_the_sync_without_duplicates(
    connected: Office, environment: Mapping[str, str]
) -> None:
    deploy(environment)
    connected.sandbox.world.faults.inject(fault_from(SLOW))
    with worker(environment) as process:
        run_id = start()
        eventually(lambda: under_way(connected) == {"clients"}, patience=90)
        killed = [*process.children(recursive=True), process]
        assert len(killed) > 1, "the run has a process of its own"
        for one in killed:
            one.kill()
        psutil.wait_procs(killed)
    assert under_way(connected) == {"clients"}, "it was killed before it was finished"

    connected.sandbox.world.faults.clear()
    retry(run_id)
    with worker(environment):
        eventually(lambda: is_completed(run_id), patience=90)
    assert under_way(connected) == set()
    counted = [connected.counted(table) for table in ("job", "client", "staff", "tax_return")]
    assert counted == [12, 8, 4, 5]
    interrupted = [one for one in ended(connected) if one == ("clients", "sync.interrupted")]
    assert len(interrupted) == 1


def start() -> UUID:
    """Start a manual sync of everything."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("sync/sync-practice")
        return client.create_flow_run_from_deployment(deployment.id, parameters={"practice": SLUG}).id


def under_way(office: Office) -> set[str]:
    """Return the entities whose latest run has begun but not ended."""
    with office.database.read() as session:
        return {run.entity for run in runs.latest(session, SLUG).values() if run.status is RunStatus.RUNNING}


def ended(office: Office) -> list[tuple[str, str]]:
    """Return every run's entity and reason."""
    with office.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT entity, reason_key FROM sync_run ORDER BY started_at")
        return [(str(entity), str(reason)) for entity, reason in rows]


def deploy(environment: Mapping[str, str]) -> None:
    """Apply prefect.yaml."""
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name="xpm", type="process"))
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--name", "sync-practice"]
    subprocess.run(command, cwd=ROOT, env={**environment, "PWD": str(ROOT)}, check=True, capture_output=True)  # noqa: S603


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """Run a worker program; at the end of the block, kill it with everything it started."""
    command = [sys.executable, "-m", "cli.main", "worker"]
    process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        family = [*process.children(recursive=True), process] if process.is_running() else [process]
        for one in family:
            if one.is_running():
                one.kill()
        psutil.wait_procs(family)


def retry(flow_run_id: UUID) -> None:
    """Mark the run crashed, as the heartbeat automation does, then schedule it again, as Retry in the UI does."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, Crashed(), force=True)
        client.set_flow_run_state(flow_run_id, Scheduled(message="Retried"), force=True)


def is_completed(flow_run_id: UUID) -> bool:
    """Whether the run is Completed."""
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(flow_run_id).state
    return state is not None and state.is_completed()
