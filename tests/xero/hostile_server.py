"""A server on this machine that sends any bytes at all, over real TCP, and counts what it got rid of."""

import gzip
import re
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import cast

MIB = 1024**2
ENDLESS = 200  # pieces; far more than any bound lets through, and still an end


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Write the head of an answer. Without a length, the end of the connection ends its body."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode("latin-1")


def plain(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Write a whole answer."""
    return head(*headers, f"Content-Length: {len(body)}", status=status) + body


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress a body piece by piece, so that a bomb takes no memory here either."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


@cache
def bomb(mebibytes: int) -> bytes:
    """Compress that much of blanks: some 1 KiB for each MiB."""
    return b"".join(gzipped(b" " * MIB for _ in range(mebibytes)))


def zipped_twice(mebibytes: int) -> bytes:
    """A bomb inside a bomb."""
    return gzip.compress(bomb(mebibytes))


@dataclass
class HostileServer:
    """Answers every request in the same way. `sent` is how many bytes were taken off its hands."""

    url: str
    answer: Callable[[], Iterable[bytes]] = field(repr=False)
    requests: list[bytes] = field(default_factory=list, repr=False)
    sent: int = 0


@contextmanager
def hostile(answer: bytes | Callable[[], Iterable[bytes]]) -> Iterator[HostileServer]:
    """Serve these bytes, or the pieces that the function gives for each request, until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        pieces = answer if callable(answer) else lambda: (answer,)
        server.of = HostileServer(f"http://127.0.0.1:{server.server_address[1]}", pieces)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.of
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    of: HostileServer


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        of = cast(_Server, self.server).of
        of.requests.append(self._request())
        try:
            for piece in of.answer():
                self.request.sendall(piece)
                of.sent += len(piece)
        except OSError:  # the client has hung up
            return

    def _request(self) -> bytes:
        """Read the whole request: closing a connection with unread bytes resets it, and the answer may be lost."""
        request = b""
        while not _is_whole(request) and (some := self.request.recv(65_536)):
            request += some
        return request


def _is_whole(request: bytes) -> bool:
    start, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", start, re.IGNORECASE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)
