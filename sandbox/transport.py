"""The layer below the endpoints: sockets, the end of an answer, and streaming.

uvicorn does not let an app reset a connection or cut an answer short; the faults need both.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar, cast

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

T = TypeVar("T", str, bytes)

TRANSPORT = "sandbox.transport"
"""Key of the asyncio transport in the scope's `extensions`."""


class SocketProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also puts its transport into the scope's extensions."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Wrap the app, once per connection."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


def transport_of(scope: Scope) -> asyncio.Transport:
    """Return the transport that carries a request."""
    return cast("asyncio.Transport", scope["extensions"][TRANSPORT])


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection once the data written so far is sent, and wait until uvicorn has noticed."""
    transport_of(scope).close()
    await _disconnected(receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """Close the connection with a TCP RST: no linger, unsent data is dropped.

    Reads the whole request first. Otherwise a client that is still sending sees a failed write, not a reset.
    """
    while (await receive()).get("more_body", False):
        pass
    transport = transport_of(scope)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def before_end(send: Send, done: Callable[[], None]) -> Send:
    """Wrap `send` so that `done` runs just before the last byte of the answer.

    A client may send its next call as soon as an answer ends. By then this call must be counted as finished.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            done()
        await send(message)

    return sending


async def in_turns(chunks: Iterable[T]) -> AsyncIterator[T]:
    """Yield the chunks of a long answer and let other calls run after each, without a thread."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)
