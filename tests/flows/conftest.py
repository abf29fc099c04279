"""One Prefect server for all flow tests of a process, and an office whose settings the flows find in their environment."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import Limits
from tests.flows.office import Office
from xpm.store.database import Database
from xpm.store.vault import Vault

STARTING = 120.0  # seconds a slow machine may need for a server with a new database


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prefect server of this test process's own and make it the one that flows report to."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
    try:
        _wait(url, server, home / "server.log")
        with temporary_settings(
            {PREFECT_API_URL: url, PREFECT_HOME: home, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
        ):
            yield url
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def office(
    prefect_url: str, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """A practice with its people, a sandbox, and the environment in which the flows find both."""
    world = small_world(limits=Limits(0, 0, 0, 0))
    with SandboxServer(world) as sandbox:
        office = Office.furnished(sandbox, sqlite_database, Vault.new_key())
        for name, value in office.environment().items():
            monkeypatch.setenv(name, value)
        yield office


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])
