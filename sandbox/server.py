"""Runs the sandbox: in a thread for tests, in the foreground for people."""

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

_GRACE = 2  # seconds a stopping server waits for slow answers


class _Server(uvicorn.Server):
    """A uvicorn server that sets `ready` once it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set `ready`."""
        await super().startup(sockets)
        self._ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and hang up on clients that are still reading: they would keep their sockets open."""
        await super().shutdown(sockets)
        for connection in self.server_state.connections:
            cast("H11Protocol", connection).transport.abort()


class SandboxServer:
    """A simulated Xero over real HTTP on loopback.

    As a context manager it stops the server, ends the thread and closes the sockets on exit.

    Args:
        world: what to serve; edits from the test's thread show at once.
        port: 0 picks a free port.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        # asyncio sets TCP_NODELAY only if the protocol is given. Without it every answer takes 40 ms.
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
            loop="asyncio",  # its sockets honour SO_LINGER, which the reset fault needs
            ws="none",
            lifespan="off",
            log_config=None,  # logging belongs to the program that runs the sandbox
            access_log=False,
            server_header=False,
            date_header=False,  # the app writes Date by the sandbox's clock
            timeout_graceful_shutdown=_GRACE,
        )

    @property
    def url(self) -> str:
        """The base URL and issuer, without a trailing slash."""
        return f"http://{self.host}:{self.port}"

    def run(self) -> None:
        """Serve in this thread until `stop`, or in the main thread until SIGINT or SIGTERM."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self.ready.set()

    def start(self) -> SandboxServer:
        """Serve in a new thread and return once the server listens.

        Raises:
            RuntimeError: the server ended before it listened.
        """
        self._thread.start()
        self.ready.wait()
        if not self._server.started:
            raise RuntimeError("The sandbox did not start.")
        return self

    def stop(self) -> None:
        """Stop the server and wait for its thread to end."""
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
