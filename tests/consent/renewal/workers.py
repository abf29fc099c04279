"""Processes that renew a consent: many at once, or one that dies during it. A separate module, without tests."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import httpx
from sqlalchemy import event

from tests.consent.installation import settings_for
from xpm.consent.keeper import ConsentKeeper
from xpm.integration import Integration
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.xero.auth import XeroAuth
from xpm.xero.http.client import trusted


class Step(StrEnum):
    """The point of a refresh at which the process dies."""

    TAKING_THE_LEASE = "before it has the lease"
    HOLDING_THE_LEASE = "holding the lease, before the intent is written"
    INTENT_WRITTEN = "after the intent, before Xero is asked"
    XERO_ROTATED = "after Xero rotated, before the answer is read"
    STORING = "with the new pair written but not committed"
    STORED = "after storing, still holding the lease"
    BEFORE_USE = "after the lease, before the new token is used"


COMMITS = {Step.TAKING_THE_LEASE: 1, Step.HOLDING_THE_LEASE: 2, Step.STORING: 3, Step.STORED: 4}
"""The commit that is not reached; a refresh commits the lease, the intent, the new pair, and the lease's release."""


@dataclass(frozen=True)
class Given:
    """What a process needs to use a consent; `ahead` is how far its clock is ahead of the real one."""

    database: str
    xero: str
    key: str
    consent_id: str
    ahead: timedelta = timedelta()


def request_at_once(given: Given, coroutines: int, barrier: Barrier, answers: "Queue[list[tuple[int, str]]]") -> None:
    """Make many requests at once through one async client; put the status and final token of each into `answers`."""
    with _opened(given, httpx.HTTPTransport(verify=trusted())) as integration:
        keeper = ConsentKeeper(integration, given.consent_id)
        barrier.wait()
        answers.put(asyncio.run(_gathered(integration, XeroAuth(keeper, integration.clock), coroutines)))


async def _gathered(integration: Integration, auth: XeroAuth, coroutines: int) -> list[tuple[int, str]]:
    async with httpx.AsyncClient(auth=auth, verify=trusted(), timeout=60) as http:
        made = await asyncio.gather(*(http.get(integration.app.connections_url) for _ in range(coroutines)))
    return [(answer.status_code, answer.request.headers["Authorization"]) for answer in made]


def request_and_die(given: Given, step: Step) -> None:
    """Make one request, for which the token must be renewed first, and die at that point by SIGKILL."""
    with _opened(given, DyingTransport(step)) as integration:
        if step in COMMITS:
            event.listen(integration.database.engine, "commit", _dies_at(COMMITS[step]))
        with integration.signed_http(ConsentKeeper(integration, given.consent_id)) as http:
            if step is Step.BEFORE_USE:
                http.event_hooks["request"].append(lambda _request: die())
            http.get(integration.app.connections_url)


def die() -> None:
    """Kill this process, without any clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingTransport(httpx.BaseTransport):
    """The transport to Xero's token endpoint, in which the process may die."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._really = httpx.HTTPTransport(verify=trusted())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._step is Step.INTENT_WRITTEN:
            die()
        answer = self._really.handle_request(request)
        if self._step is Step.XERO_ROTATED:
            die()
        return answer

    def close(self) -> None:
        self._really.close()


def _dies_at(number: int) -> Callable[[object], None]:
    """Make a listener that dies at commit number `number`."""
    commits = 0

    def listener(_connection: object) -> None:
        nonlocal commits
        commits += 1
        if commits == number:
            die()

    return listener


@contextmanager
def _opened(given: Given, transport: httpx.BaseTransport) -> Iterator[Integration]:
    database = Database(given.database)
    settings = settings_for(given.xero, given.key)
    with httpx.Client(transport=transport) as http:
        yield Integration(settings, database, Vault([given.key]), http, clock=lambda: datetime.now(UTC) + given.ahead)
    database.close()
