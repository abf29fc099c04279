"""A push in a process of its own, which may be killed (SIGKILL) at one exact point. A module without tests."""

from contextlib import suppress
from typing import Any

import httpx

from tests.processes import is_killed
from tests.pull.breaking.dying import Death, Step
from tests.pull.house import SLUG, Clock
from xpm.integration import Integration
from xpm.push.draining import drain
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.words import Stopped


def is_killed_at(settings: Settings, step: Step, at: int) -> bool:
    """Let a process push. True if it was killed at this step; false if it had fewer steps and finished."""
    return is_killed(push_and_die, settings, step, at)


def push_and_die(settings: Settings, step: Step, at: int) -> None:
    """Send what waits until the nth step of this kind. It need not wait for the lease of one that was killed before."""
    database, clock = Database(settings.xpm_database_url), Clock()
    Death(at).die_at(step, database)
    _push(settings, database, clock=clock, sleep=clock.wait)


def push_with_others(settings: Settings) -> None:
    """Send what waits, unless another push goes on for longer than this one is ready to wait."""
    with suppress(Stopped):
        _push(settings, Database(settings.xpm_database_url))


def _push(settings: Settings, database: Database, **time: Any) -> None:  # noqa: ANN401 - of an Integration
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    with httpx.Client(trust_env=False) as http:
        drain(Integration(settings, database, vault, http, **time), SLUG)
    database.close()
