"""A sync in a process of its own that is killed (SIGKILL) at one exact step; nothing of Python runs after that."""

import os
import signal
from enum import StrEnum

import httpx
from sqlalchemy import event
from sqlmodel import Session

from tests.processes import FORKED
from tests.sync.house import House, request
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull import arriving
from xpm.pull.plans import values
from xpm.pull.pull import run_pull
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database

FLOW_RUN = "killed"
SMALL_BATCH = 2  # records in a transaction of the worker, so that a small practice has many boundaries
WRITING = ("INSERT", "UPDATE", "DELETE")


class Step(StrEnum):
    """What the worker counts, and dies at."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"
    BEFORE_WRITING = "before a statement that writes"


class Death:
    """Comes at the nth step of a kind."""

    def __init__(self, at: int) -> None:
        self._left = at

    def come_nearer(self) -> None:
        """One more step is reached."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def lie_in_wait(self, step: Step, database: Database) -> None:
        """Count the steps of that kind."""
        if step is Step.BEFORE_COMMIT:
            event.listen(database.engine, "commit", lambda _connection: self.come_nearer())
        elif step is Step.AFTER_COMMIT:
            event.listen(Session, "after_commit", lambda _session: self.come_nearer())
        else:
            event.listen(database.engine, "before_cursor_execute", self._before_statement)

    def _before_statement(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().upper().startswith(WRITING):
            self.come_nearer()


def sync_and_die(settings: Settings, entity: Entity, step: Step, at: int) -> None:
    """Synchronise until the nth step of that kind; in this process, which nobody else shares, batches are small."""
    arriving.BATCH = values.BATCH = SMALL_BATCH
    database = Database(settings.xpm_database_url)
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    Death(at).lie_in_wait(step, database)
    with httpx.Client(trust_env=False) as http:
        run_pull(Integration(settings, database, vault, http), request(entity, flow_run_id=FLOW_RUN))
    database.close()


def is_killed_at(house: House, entity: Entity, step: Step, at: int) -> bool:
    """Let a process synchronise; whether it was killed at that step, or had fewer of them and came through."""
    worker = FORKED.Process(target=sync_and_die, args=(house.integration.settings, entity, step, at))
    worker.start()
    worker.join(60)
    assert worker.exitcode in {-signal.SIGKILL, 0}, worker.exitcode
    return worker.exitcode == -signal.SIGKILL
