"""Running the sandbox as a program and in a thread."""

import gc
import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, small_world, world_from_file
from sandbox.xpm.limits import RateLimits
from tests.sandbox.xero_app import XeroApp


def test_leaving_the_context_ends_the_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0))) as server:
        app = XeroApp(server).connect()
        assert app.items("client.api/list", "Client")
        app.http.close()
    assert set(threading.enumerate()) <= before  # "<=": the server of an earlier test may still be ending
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((server.host, server.port))


def test_a_taken_port_raises_at_once() -> None:
    with SandboxServer(small_world()) as server, pytest.raises(OSError, match="in use"):
        SandboxServer(small_world(), port=server.port)


def test_a_server_stops_while_a_slow_answer_is_in_progress() -> None:
    with SandboxServer(small_world()) as server:
        app = XeroApp(server).connect()
        app.inject(area="xpm", kind="drip", bytes=1, delay=0.5)
        headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": HARBOUR_VALE}
        with app.http.stream("GET", "/practicemanager/3.1/staff.api/list", headers=headers) as slow:
            flow = slow.iter_raw()
            assert next(flow)
        app.http.close()


def test_edits_of_the_served_world_show_at_once(server: SandboxServer) -> None:
    app = XeroApp(server).connect()
    server.world.accounts[HARBOUR_VALE].rename(app.truth("staff")[0]["UUID"], "Renamed")
    assert app.items("staff.api/list", "Staff")[0].findtext("Name") == "Renamed"
    app.http.close()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_program_prints_its_url_and_exits_with_0_on_a_signal(stop: signal.Signals) -> None:
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--world",
        "small",
        "--jobs",
        "30",
        "--minute-limit",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:  # noqa: S603 - our own
        assert program.stdout is not None
        assert program.stderr is not None
        line = program.stdout.readline()
        url = line.rsplit(" ", 1)[1].strip()
        world = httpx.get(f"{url}/sandbox/world", trust_env=False).json()
        program.send_signal(stop)
        assert program.wait(timeout=20) == 0
        assert program.stderr.read() == ""
    assert line.startswith("Xero sandbox ready at http://127.0.0.1:")
    assert world["tenants"][0]["counts"]["jobs"] == 30


def test_the_program_prints_why_it_cannot_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--world", str(tmp_path / "none.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - our own
    assert done.returncode == 1
    assert "cannot start" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_world_can_be_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    description = {
        "apps": [{"client_id": "desk", "name": "Desk", "redirect_uris": ["http://127.0.0.1:1/cb"]}],
        "people": [
            {"name": "Kiri Reid", "email": "kiri@other.example", "seats": {COASTAL_BRANCH: {"privilege": True}}},
        ],
        "practices": [{"tenant_id": COASTAL_BRANCH, "name": "Other", "country": "NZ", "jobs": 3}],
    }
    file.write_text(json.dumps(description), "utf-8")
    world = world_from_file(file)
    assert world.apps["desk"].is_public
    assert world.accounts[COASTAL_BRANCH].counts()["jobs"] == 3
    assert [found.name for found in world.accounts_for(world.people["kiri@other.example"])] == ["Other"]
    file.write_text("{}", "utf-8")
    with pytest.raises(ValueError, match="does not describe a world"):
        world_from_file(file)


def test_a_long_job_list_is_streamed() -> None:
    with SandboxServer(small_world(jobs=5_000, limits=RateLimits(0, 0, 0))) as server:
        app = XeroApp(server).connect()
        headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": HARBOUR_VALE}
        path = "/practicemanager/3.1/job.api/current?detailed=true"
        with app.http.stream("GET", path, headers=headers) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            assert sum(len(chunk) for chunk in answer.iter_raw()) > 500_000
        app.http.close()


def test_a_stopping_server_hangs_up_on_clients_that_do_not_read_their_answers() -> None:
    _stop_while_an_answer_is_not_taken()
    gc.collect()  # if a socket is still open, its ResourceWarning fails the test here


def _stop_while_an_answer_is_not_taken() -> None:
    server = SandboxServer(small_world(jobs=20_000, limits=RateLimits(0, 0, 0))).start()
    app = XeroApp(server).connect()
    headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": HARBOUR_VALE}
    path = "/practicemanager/3.1/job.api/current?detailed=true"
    with app.http.stream("GET", path, headers=headers) as answer:
        flow = answer.iter_raw()
        next(flow)  # the rest of the answer is larger than the socket buffers
        server.stop()
        with pytest.raises(httpx.TransportError):
            for _ in flow:
                pass
    app.http.close()
