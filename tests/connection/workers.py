"""What the tests run in processes of their own; a module apart, because a new process imports all of it."""

import multiprocessing as mp
import threading
from contextlib import ExitStack
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier, Event

import httpx

from tests.connection.installation import settings_for
from xpm.connection.allowance import Limits
from xpm.connection.budget import SharedBudget
from xpm.connection.integration import Integration
from xpm.connection.keeper import ConsentKeeper
from xpm.store.database import Database
from xpm.store.vault import Vault
from xpm.store.vocabulary import CallPriority

SPAWN = mp.get_context("spawn")


def renew(
    database: str, xero: str, key: str, consent_id: str, *, barrier: Barrier, answers: "SimpleQueue[tuple[bool, bool]]"
) -> None:
    """Renew a consent's tokens at the moment the others do; answer whether they are new, and what is stored."""
    with httpx.Client() as http:
        integration = Integration(settings_for(xero, key), Database(database), Vault([key]), http)
        keeper = ConsentKeeper(integration, consent_id)
        stale = keeper.current()
        barrier.wait()
        renewed = keeper.renew(stale)
        stored = keeper.current().access_token
        answers.put((renewed.access_token != stale.access_token, renewed.access_token == stored))


def hold_places(url: str, tenant_id: str, limits: Limits, held: Event) -> None:
    """Begin as many calls as may be under way, and end none of them."""
    budget = SharedBudget(Database(url), tenant_id, limits, CallPriority.PEOPLE)
    with ExitStack() as stack:
        for _ in range(limits.max_concurrent):
            stack.enter_context(budget.slot("x"))
        held.set()
        threading.Event().wait()
