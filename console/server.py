"""The console as a program."""

import logging
import sys
from urllib.parse import urlsplit

import uvicorn

from console.app import create_app
from console.prefect_runs import PrefectRuns
from console.protocol import LARGEST_HEADERS, ImpatientProtocol, allow_many_connections
from xpm.installation import WrongSchema
from xpm.integration import Integration
from xpm.settings import Settings, is_loopback
from xpm.store.errors import DatabaseUnavailable, NoKeys
from xpm.words import Message, message

CANNOT_START = 2  # the exit code for "correct the configuration first"
DEFAULT_PORT = 4280


def serve(settings: Settings) -> None:
    """Serve at XPM_CONSOLE_URL until SIGINT or SIGTERM.

    If the address is `https`, a proxy terminates TLS: the console then listens on this machine only, at the port of the
    address or else at 4280. `/health` answers as soon as the console is ready.

    Raises:
        SystemExit: 2, after one line on standard error, if there is no key, or no database of this version.
    """
    try:
        with Integration.opened(settings) as integration:
            host, port = address_of(settings.xpm_console_url)
            logging.getLogger("console").setLevel(logging.INFO)
            allow_many_connections()
            uvicorn.run(
                create_app(integration, PrefectRuns()),
                host=host,
                port=port,
                http=ImpatientProtocol,
                ws="none",  # there are no WebSockets here, and uvicorn would log their queries
                h11_max_incomplete_event_size=LARGEST_HEADERS,
                access_log=False,  # it would contain the callback's query, which holds code and state
                server_header=False,
            )
    except NoKeys:
        _refuse(message("console.no_keys"))
    except DatabaseUnavailable:
        _refuse(message("console.no_database"))
    except WrongSchema as wrong:
        _refuse(wrong.message)


def address_of(url: str) -> tuple[str, int]:
    """Return the host and port on which a console at this URL listens."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "https" and not is_loopback(host):
        host = "127.0.0.1"
    return host, parts.port or (DEFAULT_PORT if parts.scheme == "https" else 80)


def _refuse(said: Message) -> None:
    print(said.text, file=sys.stderr)
    raise SystemExit(CANNOT_START)
