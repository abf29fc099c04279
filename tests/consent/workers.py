"""What the tests run in separate processes. A separate module, so that a process imports no test."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier, Event

import httpx

from tests.consent.installation import settings_for
from xpm.consent.access import practice_access
from xpm.consent.keeper import ConsentKeeper
from xpm.integration import Integration
from xpm.quota.allowance import Limits
from xpm.quota.budget import SharedBudget
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.vocabulary import CallPriority
from xpm.xero import endpoints
from xpm.xero.api import XpmApi


def renew(
    database: str, xero: str, key: str, consent_id: str, *, barrier: Barrier, answers: "SimpleQueue[tuple[bool, bool]]"
) -> None:
    """Renew a consent's tokens when the others do; put into `answers` whether they are new, and what is stored."""
    with httpx.Client() as http:
        integration = Integration(settings_for(xero, key), Database(database), Vault([key]), http)
        keeper = ConsentKeeper(integration, consent_id)
        stale = keeper.current()
        barrier.wait()
        renewed = keeper.renew(stale)
        stored = keeper.current().access_token
        answers.put((renewed.access_token != stale.access_token, renewed.access_token == stored))


def hold_places(url: str, tenant_id: str, limits: Limits, held: Event) -> None:
    """Begin as many calls as may be in flight, and end none of them."""
    budget = SharedBudget(Database(url), tenant_id, limits, CallPriority.PEOPLE)
    with ExitStack() as stack:
        for _ in range(limits.max_concurrent):
            stack.enter_context(budget.slot("x"))
        held.set()
        threading.Event().wait()


def call_again_and_again(settings: Settings, slug: str, barrier: Barrier) -> None:
    """Read a short list from several threads through the practice's connection, until killed."""
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    with httpx.Client() as http:
        integration = Integration(settings, Database(settings.xpm_database_url), vault, http)
        with practice_access(integration, slug, CallPriority.OVERNIGHT) as access, ThreadPoolExecutor(3) as threads:
            barrier.wait(120)
            for _ in range(3):
                threads.submit(_without_end, access.api)


def _without_end(api: XpmApi) -> None:
    while True:
        for _ in api.list(endpoints.JOB_CATEGORIES):
            pass
