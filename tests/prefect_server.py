"""A Prefect server of a test process's own, on a free port, with an empty database, closed as `fyi-xpm` closes it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

PASSWORD = "operator:of-the-tests"
ROOT = Path(__file__).parents[1]
FYI_XPM = ("-m", "cli.main", "prefect-server")
STARTING = 120.0  # seconds a slow machine may need for a server with a new database


@contextmanager
def prefect_server(home: Path, **settings: str) -> Iterator[str]:
    """Run a server that keeps its data in `home`, and give the address of its API; settings are Prefect's own.

    Clients need PASSWORD.
    """
    with started(home, FYI_XPM, PREFECT_SERVER_UI_ENABLED="false", **settings) as url, nothing_for_other_servers():
        yield url


@contextmanager
def started(home: Path, command: Sequence[str], **settings: str) -> Iterator[str]:
    """Run the server that a command starts, and give the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_API_AUTH_STRING": PASSWORD,
        **settings,
    }
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - the commands of the tests
            [sys.executable, *command], cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(url, server, home / "server.log")
        yield url
    finally:
        server.terminate()
        server.wait()


@contextmanager
def nothing_for_other_servers() -> Iterator[None]:
    """Let what Prefect sends in the background go to the server of the block: it clings to the first one it met."""
    EventsWorker.drain_all(timeout=10)
    APILogWorker.drain_all(timeout=10)
    try:
        yield
    finally:
        EventsWorker.drain_all(timeout=10)
        APILogWorker.drain_all(timeout=10)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])
