"""An issuer that stops answering while somebody logs in."""

import httpx

from sandbox.browser import answer_consent
from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.console.conftest import settings
from tests.console.office import CONSOLE, SAM, leads_to, office_over
from xpm.store.engine.database import Database


class Line(httpx.BaseTransport):
    """A way to the issuer that can be cut."""

    def __init__(self) -> None:
        self._way = httpx.HTTPTransport()
        self.is_cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("cut", request=request)
        return self._way.handle_request(request)

    def close(self) -> None:
        self._way.close()


def test_an_issuer_that_falls_silent_during_a_login_is_named(sqlite_database: Database) -> None:
    line = Line()
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server, httpx.Client(transport=line) as http:
        server.world.apps["FYI-XPM-SANDBOX"].redirect_uris.append(f"{CONSOLE}/login/callback")
        configured = settings(xpm_login_issuer=server.url, xpm_login_client_id="FYI-XPM-SANDBOX")
        with office_over(sqlite_database, configured, server.world.clock.now, http) as office:
            office.post("/login", {})
            server.world.clock.advance(55 * 60)
            back = answer_consent(leads_to(office.post("/login", {})), SAM).removeprefix(CONSOLE)
            server.world.clock.advance(6 * 60)
            line.is_cut = True  # an hour after the first login, the issuer is asked again where to log in
            answer = office.browser.get(back)
    assert (answer.status_code, "does not say where to log in" in answer.text) == (403, True)
