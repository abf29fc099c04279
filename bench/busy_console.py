"""Whether the console still answers while strangers hold connections open and every page waits for Prefect."""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from uuid import uuid4

import httpx

from bench.contest import Chapter, Contest, Verdict
from bench.lab import Lab
from bench.measured import Measured
from cli.demo.programs import Programs, free_port
from console.protocol import allow_many_connections
from xpm.access.login import make_link
from xpm.installation import Installation
from xpm.integration import Integration
from xpm.settings import Settings
from xpm.store import people, practices

TITLE = "A busy console"
HALF_OPEN, WAITING = 1_500, 60  # connections; pages
ASKED = ("/health", "/login")
TIMES = 10  # that each page is asked
ADMIN = "mere.tane@harbourvale.example"

PROSE = """The console as a program of its own. `/health` and the login page are asked {times} times each, one after
another; the figure is the slowest answer. First nothing else happens. Then {half_open:,} connections are open that have
sent half a request, and {waiting} pages wait for a Prefect server that takes connections and never answers."""


def busy_console(lab: Lab) -> Chapter:
    """Measure the slowest answer of an idle and of a busy console."""
    allow_many_connections()
    half_open, waiting = (HALF_OPEN, WAITING) if lab.sizes.rounds > 1 else (20, 4)
    busy = f"{half_open:,} half-open connections, {waiting} waiting pages"
    with _console(lab) as (console, cookies):
        runs = {"idle": [_slowest(console)]}
        with _half_open(console, half_open), _waiting(console, cookies, waiting):
            runs[busy] = [_slowest(console)]
    contest = Contest("slowest answer", TIMES * len(ASKED), runs)
    found = contest.spread(busy, "seconds").most
    verdict = Verdict(f"{TITLE}: slowest answer", "within a second", f"{found:.2f} s", found < 1)
    prose = PROSE.format(times=TIMES, half_open=half_open, waiting=waiting)
    return Chapter("busy_console", TITLE, prose, [contest], [verdict])


def _slowest(console: str) -> Measured:
    slowest = 0.0
    for path in ASKED * TIMES:
        began = time.perf_counter()
        httpx.get(f"{console}{path}", timeout=60).raise_for_status()
        slowest = max(slowest, time.perf_counter() - began)
    return Measured(slowest, 0.0, 0.0, {})


@contextmanager
def _console(lab: Lab) -> Iterator[tuple[str, httpx.Cookies]]:
    """Run a console whose Prefect never answers; gives its address and the cookie of an administrator."""
    console = f"http://127.0.0.1:{free_port(0)}"
    with _silent() as prefect:
        own = {
            "XPM_DATABASE_URL": lab.new_database("SQLite"),
            "XPM_ENCRYPTION_KEYS": lab.key,
            "XPM_CONSOLE_URL": console,
            "PREFECT_API_URL": f"{prefect}/api",
            "DO_NOT_TRACK": "1",
        }
        with Programs(lab.folder / "console") as programs:
            link = _set_up(own)
            command = [sys.executable, "-m", "console"]
            programs.start("console", command, {**os.environ, **own}, ready=f"{console}/health")
            with httpx.Client() as browser:
                browser.post(link, headers={"Origin": console})
                yield console, browser.cookies


def _set_up(own: Mapping[str, str]) -> str:
    """Make a practice with an administrator, and return a link that logs them in."""
    settings = Settings.model_validate({name.lower(): value for name, value in own.items()})
    with Installation.opened_to_migrate(settings) as new:
        new.database.migrate()
    with Integration.opened(settings) as integration:
        with integration.database.write() as session:
            practices.add(
                session,
                slug="harbour-vale",
                name="Harbour & Vale",
                country="AU",
                time_zone="Australia/Sydney",
                history_start=date(2024, 1, 1),
                now=integration.clock(),
            )
            people.add(session, "harbour-vale", ADMIN, "Mere Tāne", is_admin=True)
        return make_link(integration, ADMIN).get_secret_value()


@contextmanager
def _silent() -> Iterator[str]:
    """Take connections and never answer, as a stopped server does behind a proxy."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def _half_open(console: str, count: int) -> Iterator[None]:
    """Hold connections that have sent half a request."""
    port = httpx.URL(console).port
    with ExitStack() as held:
        for _ in range(count):
            one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            one.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        yield


@contextmanager
def _waiting(console: str, cookies: httpx.Cookies, count: int) -> Iterator[None]:
    """Let people wait for pages that ask Prefect."""
    stop = httpx.Timeout(300)
    asked = [threading.Thread(target=_ask, args=(f"{console}/runs/{uuid4()}", cookies, stop)) for _ in range(count)]
    for one in asked:
        one.start()
    time.sleep(1)  # until the pages wait; a page that does not yet leaves the console less busy
    yield
    for one in asked:
        one.join()


def _ask(page: str, cookies: httpx.Cookies, timeout: httpx.Timeout) -> None:
    answered = httpx.get(page, cookies=cookies, timeout=timeout)
    if answered.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        print(f"{page} answered {answered.status_code} instead of waiting for Prefect", file=sys.stderr)
