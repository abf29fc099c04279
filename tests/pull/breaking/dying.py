"""A sync in its own process, which is killed (SIGKILL) at one exact point, after which no Python code runs."""

import os
import signal
from enum import StrEnum

import httpx
from sqlalchemy import event
from sqlmodel import Session

from tests.processes import is_killed
from tests.pull.house import House, request
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
    """The points that the worker counts, and dies at."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"
    BEFORE_WRITING = "before a statement that writes"


class Death:
    """Kills the process at the nth step of a kind."""

    def __init__(self, at: int) -> None:
        self._left = at

    def count_step(self) -> None:
        """Count one more step, and kill the process at the nth."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def die_at(self, step: Step, database: Database) -> None:
        """Count the steps of this kind."""
        if step is Step.BEFORE_COMMIT:
            event.listen(database.engine, "commit", lambda _connection: self.count_step())
        elif step is Step.AFTER_COMMIT:
            event.listen(Session, "after_commit", lambda _session: self.count_step())
        else:
            event.listen(database.engine, "before_cursor_execute", self._before_statement)

    def _before_statement(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().upper().startswith(WRITING):
            self.count_step()


def sync_and_die(settings: Settings, entity: Entity, step: Step, at: int) -> None:
    """Synchronise until the nth step of this kind. Batches are small in this process, which nobody else shares."""
    arriving.BATCH = values.BATCH = SMALL_BATCH
    database = Database(settings.xpm_database_url)
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    Death(at).die_at(step, database)
    with httpx.Client(trust_env=False) as http:
        run_pull(Integration(settings, database, vault, http), request(entity, flow_run_id=FLOW_RUN))
    database.close()


def is_killed_at(house: House, entity: Entity, step: Step, at: int) -> bool:
    """Let a process synchronise. True if it was killed at this step; false if it had fewer steps and finished."""
    return is_killed(sync_and_die, house.integration.settings, entity, step, at)
