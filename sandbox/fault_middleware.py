"""Applies the injected faults, between the server and the endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.areas import target_of
from sandbox.faults import BODY_FAULTS, SCOPE_KEY, Fault
from sandbox.identity.problems import forbidden, token_expired, unauthorized
from sandbox.transport import hang_up, reset
from sandbox.world import World
from sandbox.xpm.limits import Problem

_GARBAGE = "<!DOCTYPE html><html><head><title>Xero</title></head><body><h1>Something went wrong</h1></body></html>"
_MAINTENANCE = "The service is offline for maintenance. Please try again later."

_FIXED_ANSWERS: dict[str, Callable[[], Response]] = {
    "unauthorized": unauthorized,
    "forbidden": forbidden,
    "maintenance": lambda: PlainTextResponse(_MAINTENANCE, 503),
    "garbage": lambda: HTMLResponse(_GARBAGE),
}


@dataclass(frozen=True)
class _Call:
    app: ASGIApp
    fault: Fault
    scope: Scope
    receive: Receive
    send: Send


class FaultMiddleware:
    """ASGI middleware that applies a fault before, during or after a call."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the call, or apply the fault that matches it."""
        target = target_of(scope)
        faults = self._world.faults
        fault = faults.next_for(target.area, scope["method"], target.path, target.tenant) if target.area else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in BODY_FAULTS:
            scope[SCOPE_KEY] = fault
            await self._app(scope, receive, send)
        elif fault.kind in _ON_THE_WIRE:
            await _ON_THE_WIRE[fault.kind](_Call(self._app, fault, scope, receive, send))
        else:
            await self._instead(fault, scope)(scope, receive, send)

    def _instead(self, fault: Fault, scope: Scope) -> Response:
        """Return the answer sent in place of the endpoint's; the endpoint is not called."""
        details = fault.details
        match fault.kind:
            case "status":
                return _ordered(fault)
            case "token_expired":
                return token_expired(self._world.clock.now())
            case "limit":
                return self._limit(details.get("problem", "minute"), details.get("retry_after"), scope)
            case _:
                return _FIXED_ANSWERS[fault.kind]()

    def _limit(self, problem: Problem, retry_after: int | None, scope: Scope) -> Response:
        tenant = target_of(scope).tenant or ""
        headers: dict[str, str] = {"X-Rate-Limit-Problem": problem}
        seconds = retry_after if retry_after is not None else self._world.rate_limiter.seconds_left("", tenant, problem)
        if seconds is not None:
            headers["Retry-After"] = str(seconds)
        return Response(status_code=429, headers=headers)


def _ordered(fault: Fault) -> Response:
    """Return the answer that the fault describes; by default an empty 500."""
    details = fault.details
    return Response(details.get("body", ""), details.get("status", 500), details.get("headers"))


async def _discard(message: Message) -> None:
    """Send nothing."""


async def _status_after(call: _Call) -> None:
    """Do the work and then send another answer, as a server does that fails at the end."""
    await call.app(call.scope, call.receive, _discard)
    await _ordered(call.fault)(call.scope, call.receive, call.send)


async def _lost_answer(call: _Call) -> None:
    """Do the work and send no answer. Xero's grace time for refresh tokens exists for this case."""
    await call.app(call.scope, call.receive, _discard)
    await hang_up(call.scope, call.receive)


async def _reset(call: _Call) -> None:
    await reset(call.scope, call.receive)


async def _truncate(call: _Call) -> None:
    """Send the headers of the whole answer and part of its body, then hang up."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await call.app(call.scope, call.receive, keep)
    body = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
    details = call.fault.details
    cut = details["at_bytes"] if "at_bytes" in details else int(len(body) * details.get("fraction", 0.5))
    await call.send(messages[0])
    await call.send({"type": "http.response.body", "body": body[:cut], "more_body": True})
    await hang_up(call.scope, call.receive)


async def _drip(call: _Call) -> None:
    """Send the body in small pieces with pauses. Other calls are served meanwhile."""
    size, delay = max(call.fault.details.get("bytes", 64), 1), call.fault.details.get("delay", 0.05)

    async def slowly(message: Message) -> None:
        body: bytes = message.get("body", b"")
        for start in range(0, max(len(body) - size, 0), size):
            await call.send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(delay)
        rest = (len(body) - 1) // size * size if body else 0
        await call.send({**message, "body": body[rest:]} if body else message)

    await call.app(call.scope, call.receive, slowly)


async def _mislabel(call: _Call) -> None:
    """Send the right body with a wrong `Content-Type`."""

    async def labelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Content-Type"] = call.fault.details.get("content_type", "text/html")
        await call.send(message)

    await call.app(call.scope, call.receive, labelled)


_ON_THE_WIRE: dict[str, Callable[[_Call], Awaitable[None]]] = {
    "lost_answer": _lost_answer,
    "status_after": _status_after,
    "reset": _reset,
    "truncate": _truncate,
    "drip": _drip,
    "mislabel": _mislabel,
}
