"""A worker that is killed in the middle of a sync, and the retry that finishes the run."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Crashed, Scheduled

from sandbox.faults import fault_from
from tests.flows.office import SLUG, Office, eventually
from tests.flows.worker import environment_of, kill, worker
from xpm.store.pull import runs
from xpm.store.vocabulary import RunStatus

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.deep]

SLOW = {"area": "xpm", "path": "client.api/list", "kind": "drip", "bytes": 64, "delay": 0.05, "times": 1}


@pytest.fixture
def environment(deployed: None, office: Office, prefect_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of the worker and its runs."""
    return environment_of(office, prefect_url, tmp_path)


def test_a_retry_after_a_killed_worker_finishes_the_sync_without_duplicates(
    connected: Office, environment: Mapping[str, str]
) -> None:
    connected.sandbox.world.faults.inject(fault_from(SLOW))
    with worker(environment) as process:
        run_id = start()
        eventually(lambda: under_way(connected) == {"clients"}, patience=90)
        assert len(kill(process)) > 1, "the run has a process of its own"
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
