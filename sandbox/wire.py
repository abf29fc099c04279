"""Below HTTP: the socket under a request, for faults that no well-behaved server can produce."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "sandbox.transport"


class SocketProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that also hands the app its transport, in the scope's extensions."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Wrap the app once per connection."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


def transport_of(scope: Scope) -> asyncio.Transport:
    """The transport under a request."""
    return cast("asyncio.Transport", scope["extensions"][TRANSPORT])


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection after what was written has left, and wait until the server knows."""
    transport_of(scope).close()
    await _gone(receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """Close the connection with a TCP RST: no linger, unsent data is thrown away.

    The request is read to its end first, or a client still sending would see a failed write instead of the reset.
    """
    while (await receive()).get("more_body", False):
        pass
    transport = transport_of(scope)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def before_end(send: Send, done: Callable[[], None]) -> Send:
    """A `send` that calls `done` just before the answer's last byte.

    A client may react to the end of an answer at once; what it then asks must find this call booked as over.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            done()
        await send(message)

    return sending
