"""The whole token story of a request, as one `httpx.Auth`."""

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

RENEW_AHEAD = timedelta(seconds=60)  # Xero's own SDK renews this long before expiry; it covers clocks that differ


class TokenKeeper(Protocol):
    """Who keeps the tokens of one connection. Both methods may block and are safe to call from several threads."""

    def current(self) -> TokenSet:
        """The newest tokens known."""
        ...

    def renew(self, stale: TokenSet) -> TokenSet:
        """Tokens newer than `stale`: refreshed under a lease, or found refreshed by someone else meanwhile.

        Raises `ConsentNeeded`, `MisconfiguredApp` or `XeroUnavailable`.
        """
        ...


class JustGranted:
    """Keeps tokens that came from a consent a moment ago and have no home yet; it cannot renew them."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    def current(self) -> TokenSet:
        """The tokens of the consent."""
        return self._tokens

    def renew(self, stale: TokenSet) -> TokenSet:
        """Refuse: tokens this young are only stale when the consent is gone."""
        raise ConsentNeeded("Xero refused the tokens of the consent that was just given.")


class XeroAuth(httpx.Auth):
    """Signs requests with the current access token (RFC 6750 §2.1) and renews it when needed.

    Ahead of expiry it renews before the request; on a 401 it renews once and repeats the request once. A 401 that
    speaks of missing scopes is left alone, since no renewal cures it. Serves sync and async clients; in async ones the
    keeper works in a thread.
    """

    def __init__(self, keeper: TokenKeeper, clock: Clock = utc_now) -> None:
        self._keeper = keeper
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The story itself; a 401 handed in must have been read."""
        tokens = self._keeper.current()
        if tokens.expires_before(self._clock() + RENEW_AHEAD):
            tokens = self._keeper.renew(tokens)
        response = yield _signed(request, tokens)
        if response.status_code == HTTPStatus.UNAUTHORIZED and not says_scope_is_missing(response):
            yield _signed(request, self._keeper.renew(tokens))

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Drive `auth_flow`, reading the body of a 401 only: the other answers are streamed by whoever asked."""
        flow = self.auth_flow(request)
        step = _begin(flow)
        while step is not None:
            response = yield step
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                response.read()
            step = _continue(flow, response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same for async clients; each step runs in a thread, since the keeper blocks."""
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
