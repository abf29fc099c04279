"""A connected practice that is about to be reconnected, and an attacker with the abilities of RFC 9700 §3."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
from joserfc import jws

from sandbox.browser import answer_consent
from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, HARBOUR_VALE
from tests.console.office import MERE, SAM, Office, leads_to, press
from xpm.consent.invitation import Invitation
from xpm.store.tables import StoreTable

Claims = dict[str, Any]
Forge = Callable[[Claims], str]
"""Makes an id_token from the claims that Xero would have signed."""

CALLBACK = "/oauth/callback"
LOGS = frozenset({"authorisation_attempt", "console_session", "audit_entry", "audit_head"})
"""The tables that record refused answers, and when a session was last used; they hold neither codes nor tokens."""


class Forger(httpx.BaseTransport):
    """A transport to Xero that replaces the id_token in token answers."""

    def __init__(self) -> None:
        self.forge: Forge | None = None
        self.date: str | None = None  # the Date of forged answers, if it is not Xero's
        self._really = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._really.handle_request(request)
        if self.forge is None or not request.url.path.endswith("/connect/token"):
            return answer
        answer.read()
        tokens = answer.json()
        claims = json.loads(jws.extract_compact(tokens["id_token"].encode()).payload)
        headers = {"Date": self.date or answer.headers["Date"]}
        return httpx.Response(answer.status_code, json=tokens | {"id_token": self.forge(claims)}, headers=headers)

    def close(self) -> None:
        self._really.close()


@dataclass
class Way:
    """One login at Xero: where the link sent the browser, and what Xero answered."""

    address: str = field(repr=False)
    answer: dict[str, str] = field(repr=False)


@dataclass
class Scene:
    """The console, its Xero, and the answer that the attacker tampers with."""

    office: Office
    server: SandboxServer
    forger: Forger
    before: dict[str, list[str]] = field(default_factory=dict)

    def invited(self) -> Invitation:
        """Start a run that waits for Mere to log in."""
        return self.office.invited()[1]

    def start_login(self, invitation: Invitation, browser: httpx.Client | None = None) -> str:
        """Open the link and return where it leads."""
        return leads_to(press(browser or self.office.browser, invitation.link))

    def go(self, invitation: Invitation, browser: httpx.Client | None = None, **changed: str) -> Way:
        """Open the link and allow access; `changed` are parameters that the attacker replaced in the request."""
        address = with_query(self.start_login(invitation, browser), changed)
        return Way(address, query_of(answer_consent(address, MERE, tenants=[HARBOUR_VALE])))

    def bring(self, answer: dict[str, str], browser: httpx.Client | None = None) -> httpx.Response:
        """Bring this answer to the callback in a browser, after noting what is stored."""
        self.before = self.stored()
        return (browser or self.office.browser).get(CALLBACK, params=answer)

    def register(self, redirect_uri: str) -> None:
        """Register another redirect address of the same app at Xero."""
        self.server.world.apps[CLIENT_ID].redirect_uris.append(redirect_uri)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.server.world.clock.advance(seconds)

    def stored(self) -> dict[str, list[str]]:
        """Read all rows of all tables except the log of attempts."""
        with self.office.integration.database.read() as session:
            return {
                name: sorted(repr(tuple(row)) for row in session.connection().execute(table.select()))
                for name, table in StoreTable.metadata.tables.items()
                if name not in LOGS
            }


@contextmanager
def another(scene: Scene) -> Iterator[httpx.Client]:
    """Open the attacker's own browser."""
    with scene.office.another_browser(SAM) as browser:  # an administrator too, so that the gate is not what refuses
        yield browser


def query_of(address: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def with_query(address: str, changed: dict[str, str]) -> str:
    """Return the address with some parameters replaced."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(query_of(address) | changed)))


def unsigned(claims: Claims) -> str:
    """Make an id_token with the algorithm "none" (RFC 7519 §6)."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])
