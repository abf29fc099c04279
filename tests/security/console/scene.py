"""A connected practice whose reconnect waits for the account to be chosen, another practice, and the attackers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID

import httpx

from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID
from tests.chromium import dom_after
from tests.console.office import COASTAL, CONSOLE, HARBOUR, Office
from tests.console.serving import serving
from xpm.store import people
from xpm.store.tables import StoreTable

ANA, OPERATOR = "ana@coastal.example", "ops@fyi.example"
WRONG = "Harbour & Vale \N{EN DASH} Coastal Branch · 1f06"
LOGS = frozenset({"audit_entry", "audit_head"})
"""Tables that say what was tried."""
OF_LOGINS = frozenset({"login", "login_user", "login_link", "console_session"})
"""Tables that an attacker's own login writes to, or that say when somebody was last seen."""


@dataclass
class Scene:
    """The console, its Xero, and a run that asks which account to connect to."""

    office: Office
    server: SandboxServer
    run: UUID

    @classmethod
    def set(cls, office: Office, server: SandboxServer) -> Scene:
        """Set the scene: the administrator is logged in, and the run waits."""
        server.world.apps[CLIENT_ID].redirect_uris.append(f"{CONSOLE}/login/callback")
        office.connect()
        with office.integration.database.write() as session:
            people.add(session, COASTAL, ANA, "Ana Costa", is_admin=True)
        run = office.runs.add(HARBOUR)
        office.runs.pause_for_choice(run, "Harbour & Vale · 2d41", WRONG)
        return cls(office, server, run)

    def stored(self) -> dict[str, list[str]]:
        """Every row but those of the logs and of logins, and what the runs were told."""
        with self.office.integration.database.read() as session:
            rows = {
                table.name: sorted(map(repr, session.connection().execute(table.select())))
                for table in StoreTable.metadata.sorted_tables
                if table.name not in LOGS | OF_LOGINS
            }
        return rows | {"runs": [repr(self.office.runs.started), repr(self.office.runs.answers)]}

    @contextmanager
    def attacker(self, email: str | None = None) -> Iterator[httpx.Client]:
        """The attacker's own browser, logged in if they are somebody."""
        with self.office.another_browser(email) as browser:
            yield browser

    def in_chromium(self, path: str) -> str:
        """Open an address of the console in a real browser that nobody logged in, and return what it shows."""
        with serving(self.office) as port:
            return dom_after(f"http://127.0.0.1:{port}{path}")

    def from_a_foreign_page(self) -> str:
        """Let a web page in a real browser send the console's forms, and return what the browser then shows."""
        with serving(self.office) as port, _foreign_page(_form(port, self.run)) as page:
            return dom_after(page)


def post(browser: httpx.Client, path: str, origin: str | None = CONSOLE, **form: str) -> httpx.Response:
    """Send a form as a page of the console does, or as one of another origin."""
    return browser.post(path, data=form, headers={"Origin": origin} if origin else {})


def _form(port: int, run: UUID) -> str:
    return f"""<!doctype html><form method="post" action="http://127.0.0.1:{port}/runs/{run}/account">
<input name="account" value="{WRONG}"></form><script>document.forms[0].submit()</script>"""


@contextmanager
def _foreign_page(html: str) -> Iterator[str]:
    """Serve the attacker's page on an origin of its own."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
