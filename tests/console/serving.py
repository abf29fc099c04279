"""The console on a real socket."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from console.app import create_app
from console.protocol import LARGEST_HEADERS, ImpatientProtocol
from tests.console.office import Office


@contextmanager
def serving(office: Office, protocol: type[ImpatientProtocol] = ImpatientProtocol) -> Iterator[int]:
    """Serve the office's console on a socket; yields the port."""
    app = create_app(office.integration, office.runs)
    config = uvicorn.Config(
        app, port=0, http=protocol, h11_max_incomplete_event_size=LARGEST_HEADERS, log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
