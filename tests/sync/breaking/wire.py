"""The way to the sandbox without sockets: an `httpx` transport that runs its app in the caller's thread.

Thousands of sequences of faults are affordable this way, and one seed always comes to the same.
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
    """What happens between two calls unless something is told."""


class Wire(httpx.BaseTransport):
    """Carries calls to `world`.

    Attributes:
        before: is told the number of each call of XPM or the tax feed, from 0, before it is made; may edit the world.
        unplugged: the numbers of the calls, from 0, that reach nobody.
        unanswered: those that are carried out and whose answer does not come in time.
        page_size: how many tax returns a page has at most, whatever was asked for.
    """

    def __init__(self, world: World) -> None:
        self._app = build_app(world)
        self.reset()

    def reset(self) -> None:
        """Count calls anew; nothing happens between them."""
        self.calls = 0
        self.before: Callable[[int], None] = nothing
        self.unplugged: range = range(0)
        self.unanswered: range = range(0)
        self.page_size: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one call."""
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
    """One call and its answer; for the app it is the socket under the call, too."""

    def __init__(self, body: bytes) -> None:
        self._incoming = [{"type": "http.request", "body": body, "more_body": False}]
        self._begun: Message | None = None
        self._parts: list[bytes] = []
        self._ended = self._was_reset = False

    async def receive(self) -> Message:
        """What the app reads: the call, then that the caller has gone."""
        return self._incoming.pop() if self._incoming else {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Keep what the app answers."""
        if message["type"] == "http.response.start":
            self._begun = message
        else:
            self._parts.append(message.get("body", b""))
            self._ended = not message.get("more_body", False)

    def response(self, request: httpx.Request) -> httpx.Response:
        """What comes of it at the caller's end."""
        if self._was_reset:
            raise httpx.ReadError("Connection reset by peer", request=request)
        if self._begun is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return httpx.Response(self._begun["status"], headers=self._begun["headers"], stream=self._body())

    def _body(self) -> "_Body":
        return _Body(self._parts, whole=self._ended)

    def close(self) -> None:
        """Hang up: the answer ends where it is."""

    def abort(self) -> None:
        """Reset the connection."""
        self._was_reset = True

    def get_extra_info(self, _name: str) -> "_Exchange":
        """The socket, to be told to reset."""
        return self

    def setsockopt(self, *_option: object) -> None:
        """Be told."""


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
    """Drive the app to its end; it waits for nothing but its turn, which it has at once."""
    try:
        while True:
            app.send(None)
    except StopIteration:
        return
