"""Assembles the sandbox into one ASGI app, and logs its requests."""

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
from sandbox.control.record_page import RECORD_ROUTES
from sandbox.control.routes import CONTROL_ROUTES
from sandbox.fault_middleware import FaultMiddleware
from sandbox.identity.authorize import authorize, consent_page, decide, login, switch
from sandbox.identity.connection_endpoints import drop_connection, list_connections
from sandbox.identity.discovery import discovery, key_set
from sandbox.identity.sessions import Sessions
from sandbox.identity.token import revocation, token
from sandbox.tax_feed import TaxRoutes
from sandbox.transport import before_end
from sandbox.world import World
from sandbox.xpm.routes import XpmRoutes

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
    """Build the app that serves `world`. Changes to the world show on the next request."""
    tax, xpm = TaxRoutes(world), XpmRoutes(world)
    inner = Starlette(routes=[*_IDENTITY, *HOME_ROUTES, *RECORD_ROUTES, *CONTROL_ROUTES, Route("/tax/returns", tax)])
    inner.state.world = world
    inner.state.sessions = Sessions()

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        """Send XPM calls to an app of their own: its paths ignore case, Starlette's routes do not."""
        area = target_of(scope).area
        await (xpm if area == "xpm" else inner)(scope, receive, send)

    return RequestLogMiddleware(FaultMiddleware(dispatch, world), world)


class RequestLogMiddleware:
    """The outermost layer: adds `Date` and `xero-correlation-id` to every answer and logs the call.

    A call is logged just before its last byte, so a client that has read an answer finds the call in the log.
    """

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        target = target_of(scope)
        if target.area is None:
            await self._app(scope, receive, _XeroHeaders(send, self._world))
            return
        call = _CallInProgress(self._world, scope, target)
        try:
            await self._app(scope, receive, _XeroHeaders(before_end(send, call.close), self._world, call))
        finally:
            call.close()


class _CallInProgress:
    """A call that has started and is not yet in the log."""

    def __init__(self, world: World, scope: Scope, target: RequestTarget) -> None:
        self._world, self._scope, self._target = world, scope, target
        self._at, self._began = world.clock.now(), time.perf_counter()
        self._in_flight = world.request_log.start(target.tenant)
        self._open = True
        self.status: int | None = None
        self.bytes = 0

    def close(self) -> None:
        """Log the call; a second `close` does nothing."""
        if not self._open:
            return
        self._open = False
        query = self._scope["query_string"].decode("ascii", "replace")
        self._world.request_log.finish(
            at=self._at,
            area=self._target.area or "",
            method=self._scope["method"],
            path=self._target.path,
            query_keys=sorted({pair.partition("=")[0] for pair in query.split("&") if pair}),
            tenant=self._target.tenant,
            status=self.status,
            bytes_out=self.bytes,
            milliseconds=round((time.perf_counter() - self._began) * 1000, 3),
            in_flight=self._in_flight,
        )


class _XeroHeaders:
    """A `send` that adds the headers Xero puts on every answer, and counts status and bytes for the log."""

    def __init__(self, send: Send, world: World, call: _CallInProgress | None = None) -> None:
        self._send, self._world, self._call = send, world, call

    async def __call__(self, message: Message) -> None:
        """Forward one message."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Date"] = format_datetime(self._world.clock.now(), usegmt=True)
            headers["xero-correlation-id"] = str(uuid4())
        if self._call is not None:
            self._call.status = message.get("status", self._call.status)
            self._call.bytes += len(message.get("body", b""))
        await self._send(message)
