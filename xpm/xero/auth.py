"""Adds the access token to each request and renews it when needed, as one `httpx.Auth`."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol

import httpx

from xpm.xero.clock import Clock, utc_now
from xpm.xero.errors import ConsentNeeded
from xpm.xero.http.problem import says_scope_is_missing
from xpm.xero.tokens import TokenSet

RENEW_AHEAD = timedelta(seconds=60)  # as Xero's own SDK does; allows for clocks that differ


class TokenKeeper(Protocol):
    """Holds the tokens of one connection. Both methods may block; they are thread-safe."""

    def current(self) -> TokenSet:
        """Return the newest tokens."""
        ...

    def renew(self, stale: TokenSet) -> TokenSet:
        """Return tokens newer than `stale`: refreshed under a lease, or already refreshed by another holder.

        Raises `ConsentNeeded`, `MisconfiguredApp` or `XeroUnavailable`.
        """
        ...


class JustGranted:
    """Holds the tokens of a new consent, which are not stored yet. It cannot renew them."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    def current(self) -> TokenSet:
        """Return the tokens of the consent."""
        return self._tokens

    def renew(self, stale: TokenSet) -> TokenSet:
        """Refuse: if Xero rejects tokens this new, the consent is gone."""
        raise ConsentNeeded("Xero refused the tokens of the consent that was just given.")


class XeroAuth(httpx.Auth):
    """Sends the current access token with each request (RFC 6750 §2.1) and renews it when needed.

    A token about to expire is renewed before the request. On a 401 the token is renewed once and the request repeated
    once, unless the 401 says that a scope is missing: renewal does not help there. Works for sync and async clients;
    for async ones the keeper runs in a thread.
    """

    def __init__(self, keeper: TokenKeeper, clock: Clock = utc_now) -> None:
        self._keeper = keeper
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The flow itself. The body of a 401 must be read before it is sent in."""
        tokens = self._keeper.current()
        if tokens.expires_before(self._clock() + RENEW_AHEAD):
            tokens = self._keeper.renew(tokens)
        response = yield _signed(request, tokens)
        if response.status_code == HTTPStatus.UNAUTHORIZED and not says_scope_is_missing(response):
            yield _signed(request, self._keeper.renew(tokens))

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Run `auth_flow` and read the body of a 401 only; the caller streams all other answers."""
        flow = self.auth_flow(request)
        step = _begin(flow)
        while step is not None:
            response = yield step
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                response.read()
            step = _continue(flow, response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Run `auth_flow` for async clients, each step in a thread, because the keeper blocks."""
        flow = self.auth_flow(request)
        step = await asyncio.to_thread(_begin, flow)
        while step is not None:
            response = yield step
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                await response.aread()
            step = await asyncio.to_thread(_continue, flow, response)


_Flow = Generator[httpx.Request, httpx.Response, None]


def _begin(flow: _Flow) -> httpx.Request | None:
    return next(flow, None)


def _continue(flow: _Flow, response: httpx.Response) -> httpx.Request | None:
    try:
        return flow.send(response)
    except StopIteration:
        return None


def _signed(request: httpx.Request, tokens: TokenSet) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {tokens.access_token.get_secret_value()}"
    return request
