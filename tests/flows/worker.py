"""A worker program, which carries out deployed runs in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from tests.flows.office import Office
from tests.prefect_server import PASSWORD

ROOT = Path(__file__).parents[2]


def environment_of(office: Office, prefect_url: str, home: Path) -> Mapping[str, str]:
    """The environment of a worker and its runs."""
    fast = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    return {**_environment(prefect_url, home), **office.environment(), **fast}


def _environment(prefect_url: str, home: Path) -> Mapping[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    server = {"PREFECT_API_URL": prefect_url, "PREFECT_API_AUTH_STRING": PASSWORD, "PREFECT_HOME": str(home)}
    return {**given, **server, "PYTHONPATH": str(ROOT)}


def deploy(prefect_url: str, home: Path, *names: str) -> None:
    """Apply these deployments of prefect.yaml."""
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name="xpm", type="process"))
    chosen = [argument for name in names for argument in ("--name", name)]
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", *chosen]
    environment = {**_environment(prefect_url, home), "PWD": str(ROOT)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603


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


def kill(process: psutil.Process) -> list[psutil.Process]:
    """Kill a program with everything it started, and return all of them."""
    family = [*process.children(recursive=True), process]
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(family)
    return family
