"""`fyi-xpm doctor`: is this installation fit to run, and if not, what to do."""

import sys
from collections.abc import Callable, Iterator

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from rich.console import Console

from cli.deploying import POOL
from xpm.settings import Settings
from xpm.store.database import Database
from xpm.store.errors import StoreError
from xpm.store.vault import Vault
from xpm.words import Message, message

DEPLOYMENTS = ("reconnect/reconnect-and-resync", "sync/sync-practice", "sync/overnight")
TIMEOUT = 5.0  # seconds; a doctor that hangs is no help


def doctor() -> None:
    """Check the configuration, the database, Prefect, the console and Xero's addresses; name what to do."""
    settings, console = Settings(), Console()
    found = [problem for check in CHECKS for problem in check(settings)]
    for problem in found:
        console.print(f"[red]✗[/] {problem.text}", highlight=False)
    if not found:
        console.print("[green]✓[/] Everything is in order.")
    sys.exit(1 if found else 0)


def _key(settings: Settings) -> Iterator[Message]:
    try:
        Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    except StoreError as error:
        yield message("operator.no_key", reason=str(error))


def _database(settings: Settings) -> Iterator[Message]:
    try:
        database = Database(settings.xpm_database_url)
        if not database.schema_is_current():
            yield message("operator.not_migrated")
    except StoreError as error:
        yield message("operator.store", reason=str(error))


def _xero_app(settings: Settings) -> Iterator[Message]:
    if not settings.xero_client_id:
        yield message("operator.no_app")
    jwks = settings.xero_app().jwks_url
    if not _answers(jwks):
        yield message("operator.xero_silent", address=jwks)


def _prefect(_: Settings) -> Iterator[Message]:
    try:
        with get_client(sync_client=True) as client:
            for name in DEPLOYMENTS:
                client.read_deployment_by_name(name)
            if not client.read_workers_for_work_pool(POOL):
                yield message("operator.no_worker", pool=POOL)
    except ObjectNotFound:
        yield message("operator.not_deployed")
    except (httpx.HTTPError, RuntimeError):
        yield message("operator.prefect_silent")


def _console(settings: Settings) -> Iterator[Message]:
    if not _answers(f"{settings.xpm_console_url}/health"):
        yield message("operator.console_silent", address=settings.xpm_console_url)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=TIMEOUT).is_success
    except httpx.HTTPError:
        return False


CHECKS: tuple[Callable[[Settings], Iterator[Message]], ...] = (_key, _database, _xero_app, _prefect, _console)
