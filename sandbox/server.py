"""The sandbox as a running server: in a thread for tests, or in the foreground for people."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.app import build_app
from sandbox.transport import SocketProtocol
from sandbox.world import World

_GRACE = 2  # seconds a stopping server waits for answers that are still dripping


class _Server(uvicorn.Server):
    """uvicorn that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then let those who wait know."""
        await super().startup(sockets)
        self._ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and hang up on clients that did not take their answers in time, who would else keep a socket open."""
        await super().shutdown(sockets)
        for connection in self.server_state.connections:
            cast("H11Protocol", connection).transport.abort()


class SandboxServer:
    """A Xero to practise on, over real HTTP on loopback.

    Use it as a context manager: on leaving, the server has stopped, its thread has ended and its sockets are closed.

    Args:
        world: what to serve; live, so edits from the test's thread show at once.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        # The protocol is named, or asyncio leaves Nagle's delay on and every answer takes 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self.ready = threading.Event()
        self._server = _Server(self._config(), self.ready)
        self._thread = threading.Thread(target=self.run, name=f"sandbox-{self.port}")

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            build_app(self.world),
            http=SocketProtocol,
            loop="asyncio",  # whose sockets obey SO_LINGER, which a reset needs
            ws="none",
            lifespan="off",
            log_config=None,  # logging belongs to the program that runs the sandbox
            access_log=False,
            server_header=False,
            date_header=False,  # the app dates its answers by the sandbox's clock
            timeout_graceful_shutdown=_GRACE,
        )

    @property
    def url(self) -> str:
        """The base URL and issuer, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    def run(self) -> None:
        """Serve in this thread until told to stop; in the main thread SIGINT and SIGTERM do."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self.ready.set()

    def start(self) -> SandboxServer:
        """Serve in a thread of its own; returns when the server listens.

        Raises:
            RuntimeError: the server ended before it listened.
        """
        self._thread.start()
        self.ready.wait()
        if not self._server.started:
            raise RuntimeError("The sandbox did not start.")
        return self

    def stop(self) -> None:
        """Stop serving and wait for the thread to end."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> SandboxServer:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
