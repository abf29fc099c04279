"""A chat service that takes messages over real HTTP."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

PATH = "/services/T00/not-to-be-shown"


class Chat(ThreadingHTTPServer):
    """A chat service. It answers with these statuses in turn, and with the last one from then on."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.statuses = list(statuses)
        self.heard: queue.Queue[tuple[str | None, bytes]] = queue.Queue()

    @property
    def url(self) -> SecretStr:
        """The address to post to, which is as good as a password."""
        return SecretStr(f"http://127.0.0.1:{self.server_port}{PATH}")


class _Door(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.put((self.headers["Content-Type"], body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is Python's
        """Keep quiet."""


@contextmanager
def chat_service(*statuses: int) -> Iterator[Chat]:
    """Run a chat service that answers like this; by default it takes every message."""
    with Chat(*(statuses or (204,))) as chat:
        thread = threading.Thread(target=chat.serve_forever)
        thread.start()
        try:
            yield chat
        finally:
            chat.shutdown()
            thread.join()
