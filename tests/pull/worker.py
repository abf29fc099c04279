"""A sync in its own process, which stops at a point where its parent kills it. A module without tests."""

import threading
from multiprocessing.synchronize import Event

import httpx
from sqlalchemy import event

from tests.pull.house import request
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database


def sync_and_hold(settings: Settings, entity: Entity, hold_at: int, reached: Event) -> None:
    """Synchronise, and stop for ever just before commit number `hold_at`, with everything else written."""
    database, commits = Database(settings.xpm_database_url), 0
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])

    def hold(_connection: object) -> None:
        nonlocal commits
        commits += 1
        if commits == hold_at:
            reached.set()
            threading.Event().wait()

    event.listen(database.engine, "commit", hold)
    _synchronise(settings, database, vault, entity)


def sync_and_hold_after_lists(settings: Settings, entity: Entity, lists: int, reached: Event) -> None:
    """Synchronise, and stop for ever at the first commit after this many lists were finished."""
    database, written, committed = Database(settings.xpm_database_url), 0, 0
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal written
        written += statement.startswith("INSERT INTO finished_list")

    def hold(_connection: object) -> None:
        nonlocal committed
        if committed == lists:
            reached.set()
            threading.Event().wait()
        committed = written

    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", hold)
    _synchronise(settings, database, vault, entity)


def _synchronise(settings: Settings, database: Database, vault: Vault, entity: Entity) -> None:
    with httpx.Client(trust_env=False) as http:
        integration = Integration(settings, database, vault, http)
        run_pull(integration, request(entity, flow_run_id="killed"))
