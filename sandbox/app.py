"""The sandbox as one ASGI app."""

from __future__ import annotations

import time
from email.utils import format_datetime
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.areas import RequestTarget, target_of
from sandbox.control.home import HOME_ROUTES
from sandbox.control.routes import CONTROL_ROUTES
from sandbox.fault_middleware import FaultMiddleware
from sandbox.identity.authorize import authorize, consent_page, decide, login, switch
from sandbox.identity.connection_endpoints import drop_connection, list_connections
from sandbox.identity.discovery import discovery, key_set
from sandbox.identity.sessions import Sessions
from sandbox.identity.token import revocation, token
from sandbox.tax_feed import TaxFeed
from sandbox.transport import before_end
from sandbox.world import World
from sandbox.xpm.routes import XpmApi

_IDENTITY = [
    Route("/identity/connect/authorize", authorize),
    Route("/identity/login", login, methods=["POST"]),
    Route("/identity/switch", switch, methods=["POST"]),
    Route("/identity/consent", consent_page, methods=["GET"]),
    Route("/identity/consent", decide, methods=["POST"]),
    Route("/connect/token", token, methods=["POST"]),
    Route("/connect/revocation", revocation, methods=["POST"]),
    Route("/.well-known/openid-configuration", discovery),
    Route("/.well-known/openid-configuration/jwks", key_set),
    Route("/connections", list_connections),
    Route("/connections/{connection_id}", drop_connection, methods=["DELETE"]),
]


def build_app(world: World) -> ASGIApp:
    """Everything the sandbox serves, over `world` as it is at each moment."""
    tax, xpm = TaxFeed(world), XpmApi(world)
    inner = Starlette(routes=[*_IDENTITY, *HOME_ROUTES, *CONTROL_ROUTES, Route("/tax/returns", tax)])
    inner.state.world = world
    inner.state.sessions = Sessions()

    async def by_letter_case(scope: Scope, receive: Receive, send: Send) -> None:
        """XPM's paths do not mind letter case; the rest of the sandbox does."""
        area = target_of(scope).area
        await (xpm if area == "xpm" else inner)(scope, receive, send)

    return Counter(FaultMiddleware(by_letter_case, world), world)


class Counter:
    """The outermost layer: dates and correlates every answer, and writes the journal.

    A call is booked just before its answer's last byte, so that who has read an answer finds it in the journal.
    """

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        place = target_of(scope)
        if place.area is None:
            await self._app(scope, receive, _Outgoing(send, self._world))
            return
        entry = _Entry(self._world, scope, place)
        try:
            await self._app(scope, receive, _Outgoing(before_end(send, entry.close), self._world, entry))
        finally:
            entry.close()


class _Entry:
    """A call that is being served."""

    def __init__(self, world: World, scope: Scope, place: RequestTarget) -> None:
        self._world, self._scope, self._place = world, scope, place
        self._at, self._began = world.clock.now(), time.perf_counter()
        self._in_flight = world.request_log.start(place.tenant)
        self._open = True
        self.status: int | None = None
        self.bytes = 0

    def close(self) -> None:
        """Write the call into the journal, once."""
        if not self._open:
            return
        self._open = False
        query = self._scope["query_string"].decode("ascii", "replace")
        self._world.request_log.finish(
            at=self._at,
            area=self._place.area or "",
            method=self._scope["method"],
            path=self._place.path,
            query_keys=sorted({pair.partition("=")[0] for pair in query.split("&") if pair}),
            tenant=self._place.tenant,
            status=self.status,
            bytes_out=self.bytes,
            milliseconds=round((time.perf_counter() - self._began) * 1000, 3),
            in_flight=self._in_flight,
        )


class _Outgoing:
    """A `send` that adds the headers every answer of Xero has, and counts."""

    def __init__(self, send: Send, world: World, entry: _Entry | None = None) -> None:
        self._send, self._world, self._entry = send, world, entry

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Date"] = format_datetime(self._world.clock.now(), usegmt=True)
            headers["xero-correlation-id"] = str(uuid4())
        if self._entry is not None:
            self._entry.status = message.get("status", self._entry.status)
            self._entry.bytes += len(message.get("body", b""))
        await self._send(message)
