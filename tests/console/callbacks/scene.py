"""A practice that is connected and about to be reconnected, and an attacker who can do what RFC 9700 §3 lets them."""

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
from tests.console.office import MERE, Office
from xpm.consent.invitation import Invitation
from xpm.store.tables import StoreTable

Claims = dict[str, Any]
Forge = Callable[[Claims], str]
"""Makes the id_token of a token answer out of the claims that Xero would have signed."""

CALLBACK = "/oauth/callback"
LOGS = frozenset({"authorisation_attempt"})
"""What tells that an answer came and was refused; it holds neither codes nor tokens."""


class Forger(httpx.BaseTransport):
    """The way to Xero, on which the id_token of token answers is exchanged for another."""

    def __init__(self) -> None:
        self.forge: Forge | None = None
        self._really = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._really.handle_request(request)
        if self.forge is None or not request.url.path.endswith("/connect/token"):
            return answer
        answer.read()
        told = answer.json()
        claims = json.loads(jws.extract_compact(told["id_token"].encode()).payload)
        return httpx.Response(answer.status_code, json=told | {"id_token": self.forge(claims)})

    def close(self) -> None:
        self._really.close()


@dataclass
class Way:
    """One way to Xero: where its link sent the browser, and what Xero answered."""

    address: str = field(repr=False)
    answer: dict[str, str] = field(repr=False)


@dataclass
class Scene:
    """The console, its Xero, and the answer the attacker spoils."""

    office: Office
    server: SandboxServer
    forger: Forger
    before: dict[str, list[str]] = field(default_factory=dict)

    def invited(self) -> Invitation:
        """A run waits for Mere to log in."""
        return self.office.invited()[1]

    def set_out(self, invitation: Invitation, browser: httpx.Client | None = None) -> str:
        """Open the link, and tell where it leads."""
        return str((browser or self.office.browser).get(invitation.link).headers["location"])

    def go(self, invitation: Invitation, browser: httpx.Client | None = None, **changed: str) -> Way:
        """Open the link and allow access; `changed` are parameters that the attacker exchanged on the way to Xero."""
        address = with_query(self.set_out(invitation, browser), changed)
        return Way(address, query_of(answer_consent(address, MERE, tenants=[HARBOUR_VALE])))

    def bring(self, answer: dict[str, str], browser: httpx.Client | None = None) -> httpx.Response:
        """A browser comes to the callback with this; what is stored is looked at just before."""
        self.before = self.stored()
        return (browser or self.office.browser).get(CALLBACK, params=answer)

    def register(self, redirect_uri: str) -> None:
        """Let Xero know another address of the same app."""
        self.server.world.apps[CLIENT_ID].redirect_uris.append(redirect_uri)

    def later(self, seconds: float) -> None:
        """Time goes by."""
        self.server.world.clock.advance(seconds)

    def stored(self) -> dict[str, list[str]]:
        """All rows of all tables but the log of attempts."""
        with self.office.integration.database.read() as session:
            return {
                name: sorted(repr(tuple(row)) for row in session.connection().execute(table.select()))
                for name, table in StoreTable.metadata.tables.items()
                if name not in LOGS
            }


@contextmanager
def another(scene: Scene) -> Iterator[httpx.Client]:
    """The attacker's own browser."""
    with scene.office.another_browser() as browser:
        yield browser


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def with_query(address: str, changed: dict[str, str]) -> str:
    """The address with some parameters exchanged."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(query_of(address) | changed)))


def unsigned(claims: Claims) -> str:
    """An id_token of the algorithm "none" (RFC 7519 §6)."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])
