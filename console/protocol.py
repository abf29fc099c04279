"""uvicorn's HTTP protocol with an end to its patience: headers that arrive too slowly are not waited for, nor is a body
that goes on after its request was answered.

Without it, whoever opens connections and sends a byte now and then holds them for ever (CWE-400, "slow loris").
"""

import asyncio
import resource
from contextlib import suppress

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 10.0  # seconds; a browser needs milliseconds
LARGEST_HEADERS = 16 * 1024  # bytes; a browser's are some hundred


class ImpatientProtocol(H11Protocol):
    """Closes a connection whose request has not fully said what it wants within `headers_within` seconds."""

    headers_within = HEADERS_WITHIN
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what arrived. Stop waiting once the headers are whole; wait anew if another request has begun."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self._is_read_for_nothing():
            self._wait()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Go on to the next request; wait for it no longer than for the first if the answered one is not over yet."""
        super().on_response_complete()
        if self._is_read_for_nothing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_read_for_nothing(self) -> bool:
        """Whether the request was answered and its body still arrives. uvicorn would read on for ever."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _wait(self) -> None:
        if self._due is None:
            self._due = self.loop.call_later(self.headers_within, self._give_up)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> None:
        self._due = None
        if self.conn.their_state is h11.IDLE or self._is_read_for_nothing():
            self.transport.abort()


def allow_many_connections() -> None:
    """Use as many open files as this process may. The usual soft limit of 1,024 is less than slow senders can open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems name a limit here that they do not give
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
