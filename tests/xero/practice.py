"""A practice that is connected to a sandbox, over real HTTP."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, CLIENT_SECRET, HARBOUR_VALE, MERE, REDIRECT_URI
from sandbox.xpm.limits import RateLimits
from tests.xero.browser import consent
from tests.xero.fakes import OpenBudget
from xpm.xero.api import XpmApi
from xpm.xero.app import XeroApp
from xpm.xero.auth import TokenKeeper, XeroAuth
from xpm.xero.connections import ConnectionsApi
from xpm.xero.oauth import ExpectedCallback, Grant, OAuthClient
from xpm.xero.records import Records, Unreadable
from xpm.xero.scopes import scopes_to_ask_for
from xpm.xero.tokens import TokenSet
from xpm.xero.writer import XpmWriter

NO_LIMITS = RateLimits(0, 0, 0, 0)


@dataclass
class Keeper:
    """Holds tokens in memory and refreshes them once, however many threads ask."""

    oauth: OAuthClient
    tokens: TokenSet

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def current(self) -> TokenSet:
        return self.tokens

    def renew(self, stale: TokenSet) -> TokenSet:
        with self._lock:
            if self.tokens == stale:
                self.tokens = self.oauth.refresh(stale.refresh_token)
            return self.tokens


class Practice:
    """A practice with a sandbox to connect to, and the means to inject faults."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.app = XeroApp(
            client_id=CLIENT_ID,
            client_secret=SecretStr(CLIENT_SECRET),
            scopes=scopes_to_ask_for(push=True),
            redirect_uri=REDIRECT_URI,
            authorize_url=f"{server.url}/identity/connect/authorize",
            token_url=f"{server.url}/connect/token",
            revocation_url=f"{server.url}/connect/revocation",
            connections_url=f"{server.url}/connections",
            xpm_url=f"{server.url}/practicemanager/3.1/",
            tax_url=f"{server.url}/tax/returns",
            issuer=server.url,
            jwks_url=f"{server.url}/.well-known/openid-configuration/jwks",
        )
        self._opened = ExitStack()
        self.plain = self._opened.enter_context(httpx.Client())
        self.oauth = OAuthClient(self.app, self.plain, server.world.clock.now)

    def close(self) -> None:
        self._opened.close()

    def consent(self, email: str = MERE, **choice: Any) -> Grant:  # noqa: ANN401  passed on to the browser
        begun = self.oauth.begin()
        expected = ExpectedCallback(
            state=begun.state, nonce=begun.nonce, code_verifier=begun.code_verifier, redirect_uri=REDIRECT_URI
        )
        return self.oauth.finish(consent(begun.url, email, **({"tenants": (HARBOUR_VALE,)} | choice)), expected)

    def keeper(self) -> Keeper:
        return Keeper(self.oauth, self.consent().tokens)

    def http(self, keeper: TokenKeeper) -> httpx.Client:
        return self._opened.enter_context(httpx.Client(auth=XeroAuth(keeper, self.server.world.clock.now)))

    def api(self, keeper: TokenKeeper, tenant: str = HARBOUR_VALE) -> XpmApi:
        now = self.server.world.clock.now
        return XpmApi(self.http(keeper), self.app, tenant, self.budget(), sleep=self.sleep, clock=now)

    def writer(self, keeper: TokenKeeper, tenant: str = HARBOUR_VALE) -> XpmWriter:
        now = self.server.world.clock.now
        return XpmWriter(self.http(keeper), self.app, tenant, self.budget(), sleep=self.sleep, clock=now)

    def budget(self) -> OpenBudget:
        return OpenBudget(self.server.world.clock.now)

    def sleep(self, seconds: float) -> None:
        """Move the sandbox's clock forward in place of waiting."""
        self.server.world.clock.advance(seconds)

    def connections(self, keeper: TokenKeeper) -> ConnectionsApi:
        return ConnectionsApi(self.http(keeper), self.app)

    def fault(self, area: str, kind: str, **details: Any) -> None:  # noqa: ANN401  JSON
        self.post("/sandbox/faults", {"area": area, "kind": kind} | details)

    def post(self, path: str, content: dict[str, Any]) -> None:
        self.plain.post(self.server.url + path, json=content).raise_for_status()

    def truth(self, entity: str, tenant: str = HARBOUR_VALE) -> list[dict[str, Any]]:
        answer = self.plain.get(f"{self.server.url}/sandbox/tenants/{tenant}/records/{entity}")
        return [without_nothing(record) for record in answer.raise_for_status().json()]


def without_nothing(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, dict):
        return {name: without_nothing(inner) for name, inner in value.items() if inner not in (None, [], {})}
    return [without_nothing(inner) for inner in value] if isinstance(value, list) else value


def whole(records: Records[Any]) -> list[Any]:
    content = list(records)
    assert not [record for record in content if isinstance(record, Unreadable)]
    assert records.facts.records == len(content)
    return content
