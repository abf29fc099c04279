"""A way to the sandbox without sockets: an `httpx` transport that runs its app in the caller's thread.

This makes thousands of fault sequences affordable, and a seed always gives the same result.
"""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import httpx
from starlette.types import Message, Scope

from sandbox.app import build_app
from sandbox.areas import target_of
from sandbox.transport import TRANSPORT
from sandbox.world import World


def nothing(_call: int) -> None:
    """Do nothing between two calls, which is the default."""


class Wire(httpx.BaseTransport):
    """Carries calls to `world`.

    Attributes:
        before: called with the number, from 0, of each call to XPM or the tax feed before the call; may edit the world.
        unplugged: the numbers of the calls that reach nobody.
        unanswered: the numbers of the calls that are carried out but not answered in time.
        page_size: the most tax returns on a page, whatever was asked for.
    """

    def __init__(self, world: World) -> None:
        self._app = build_app(world)
        self.reset()

    def reset(self) -> None:
        """Count calls from 0 again, and let nothing happen between them."""
        self.calls = 0
        self.before: Callable[[int], None] = nothing
        self.unplugged: range = range(0)
        self.unanswered: range = range(0)
        self.page_size: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry out one call."""
        scope = self._scope(request)
        number = self._numbered(scope)
        if number in self.unplugged:
            raise httpx.ConnectError("Connection refused", request=request)
        exchange = _Exchange(request.read())
        scope["extensions"] = {TRANSPORT: exchange}
        _run(self._app(scope, exchange.receive, exchange.send))
        if number in self.unanswered:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        return exchange.response(request)

    def _scope(self, request: httpx.Request) -> Scope:
        scope = _scope(request)
        if self.page_size and target_of(scope).area == "tax":
            scope["query_string"] = request.url.copy_set_param("pageSize", self.page_size).query
        return scope

    def _numbered(self, scope: Scope) -> int | None:
        if target_of(scope).area not in {"xpm", "tax"}:
            return None
        number = self.calls
        self.calls += 1
        self.before(number)
        return number


class _Exchange:
    """One call and its answer. The app also uses it as the call's socket."""

    def __init__(self, body: bytes) -> None:
        self._incoming = [{"type": "http.request", "body": body, "more_body": False}]
        self._begun: Message | None = None
        self._parts: list[bytes] = []
        self._ended = self._was_reset = False

    async def receive(self) -> Message:
        """Return what the app reads: the request, then a disconnect."""
        return self._incoming.pop() if self._incoming else {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Keep a part of the app's answer."""
        if message["type"] == "http.response.start":
            self._begun = message
        else:
            self._parts.append(message.get("body", b""))
            self._ended = not message.get("more_body", False)

    def response(self, request: httpx.Request) -> httpx.Response:
        """The response or error that the caller gets."""
        if self._was_reset:
            raise httpx.ReadError("Connection reset by peer", request=request)
        if self._begun is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return httpx.Response(self._begun["status"], headers=self._begun["headers"], stream=self._body())

    def _body(self) -> "_Body":
        return _Body(self._parts, whole=self._ended)

    def close(self) -> None:
        """Close the connection: the answer ends here."""

    def abort(self) -> None:
        """Reset the connection."""
        self._was_reset = True

    def get_extra_info(self, _name: str) -> "_Exchange":
        """Return this object as the socket, so that the app can reset it."""
        return self

    def setsockopt(self, *_option: object) -> None:
        """Accept a socket option."""


class _Body(httpx.SyncByteStream):
    def __init__(self, parts: list[bytes], *, whole: bool) -> None:
        self._parts, self._whole = parts, whole

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts
        if not self._whole:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def _scope(request: httpx.Request) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "root_path": "",
        "query_string": url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 1),
    }


def _run(app: Any) -> None:  # noqa: ANN401 - what an ASGI app returns
    """Run the app to its end. It awaits nothing but its turn, which it gets at once."""
    try:
        while True:
            app.send(None)
    except StopIteration:
        return
