"""`fyi-xpm prefect-server`, `fyi-xpm worker` and `fyi-xpm console`: each becomes a program of its own."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_UI_API_URL, PREFECT_UI_URL

from cli.deploying import POOL
from cli.environments import of_prefect_server, of_worker, placed, written_here
from cli.installation import installation
from xpm import prefect_access

CLOSED: Mapping[str, str] = {
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
}
"""How the Prefect server is started, unless the configuration says otherwise: closed, and without telemetry.

The last one lets browsers open Prefect's first UI: the second asks amplitude.com something even without telemetry.
"""

ATTENTIVE: Mapping[str, str] = {"PREFECT_WORKER_QUERY_SECONDS": "2"}
"""How often a worker looks for runs, unless the configuration says otherwise: people wait for what they answered."""

ORIGINS = "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"


def prefect_server() -> NoReturn:
    """Become the Prefect server, which asks everybody for a password and answers pages of its own UI alone."""
    given = os.environ
    closed = {name: value for name, value in _closed().items() if not prefect_access.is_set(name, given)}
    _become("prefect", ["server", "start"], {**of_prefect_server(given), **closed, **_password(given)})


def worker(options: Sequence[str] = ()) -> NoReturn:
    """Check the installation, then become a worker that sees only what a run needs; `options` are Prefect's own."""
    with installation() as opened:  # a problem that would fail every run is reported here, in one line
        given = {**written_here(), **os.environ, **placed(opened.settings)}
    _become("prefect", ["worker", "start", "--pool", POOL, *options], {**ATTENTIVE, **of_worker(given)})


def console() -> NoReturn:
    """Check the installation, then become the console."""
    with installation():
        pass  # a problem that would stop the console is reported here, in one line
    _become("console", [], os.environ)


def _become(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    command = [sys.executable, "-m", module, *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own programs


def _closed() -> Mapping[str, str]:
    return {**CLOSED, ORIGINS: _origin(PREFECT_UI_URL.value() or PREFECT_UI_API_URL.value())}


def _password(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The server's password: that of the configuration, or else that of the file, made now if need be."""
    if prefect_access.is_set(prefect_access.SERVER, environment):
        return {}
    configured = PREFECT_API_AUTH_STRING.value()
    return {prefect_access.SERVER: configured or prefect_access.make(prefect_access.FILE)}


def _origin(address: str) -> str:
    """The origin of an address (RFC 6454 §4)."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
