"""One budget of calls per tenant, shared by all processes through the database."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
from sqlmodel import Session

from xpm.entities.fingerprint import reader_of
from xpm.integration import Integration
from xpm.pulse import Pulse
from xpm.quota.allowance import HELD, Allowance, Limits
from xpm.store import allowances
from xpm.store.engine import postgresql
from xpm.store.engine.database import Database
from xpm.store.vocabulary import CallPriority
from xpm.xero.api import XpmApi
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.http.limits import Budget, Call
from xpm.xero.http.patience import Tries
from xpm.xero.writer import XpmWriter

_SIGN_OF_LIFE = HELD.total_seconds() / 3  # between two signs, so that one may be lost


class SharedBudget:
    """The calls that one tenant allows, for callers of one priority (see `xpm.xero.http.limits.Budget`).

    Each call takes two short transactions: one before it, one after it. One row holds everything known about the
    tenant. Each caller locks that row, so that processes ask one after another.

    PostgreSQL is shared by computers whose clocks differ, so there the server's clock counts. `is_everybodys` says that
    all who share the database use `clock` itself, such as a test's clock that moves only when told.
    """

    def __init__(
        self,
        database: Database,
        tenant_id: str,
        limits: Limits,
        priority: CallPriority,
        *,
        clock: Clock = utc_now,
        is_everybodys: bool = False,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._limits = limits
        self._priority = priority
        self._clock = clock
        self._is_everybodys = is_everybodys or not database.is_postgresql
        self._behind = timedelta()  # how far `clock` is behind the clock that counts
        self._sleep = sleep
        self._places = threading.Semaphore(limits.places(priority))  # spares this process's threads the database
        self._turn = threading.Lock()
        self._row_lock = threading.Lock()  # a thread that waits for SQLite itself polls it ever more rarely
        self._pulse = Pulse(self._renew, _SIGN_OF_LIFE)

    @contextmanager
    def slot(self, endpoint: str) -> Iterator[Call]:
        """See `Budget.slot`."""
        call = Call(str(uuid.uuid4()), self._now)
        with self._places:
            self._enter(call, endpoint)
            try:
                with self._pulse.beating(call.id):
                    yield call
            finally:
                self._leave(call)

    def _enter(self, call: Call, endpoint: str) -> None:
        with self._turn:
            while (seconds := self._ask(call, endpoint)) > 0:
                self._sleep(seconds)

    def _ask(self, call: Call, endpoint: str) -> float:
        """Begin the call and return 0, or return how many seconds to wait before asking again."""
        with self._allowance() as (_, allowance, now):
            ready_at = allowance.enter(call.id, endpoint, self._priority, self._limits, now)
        return (ready_at - now).total_seconds()

    def _leave(self, call: Call) -> None:
        with self._allowance() as (session, allowance, now):
            allowance.leave(call.id, call.said, self._limits, now)
            allowances.count(session, self._tenant_id, now.date(), self._priority, call.bytes)

    def _renew(self) -> None:
        with self._allowance() as (_, allowance, now):
            for call in self._pulse.under_way():
                allowance.renew(call, now)

    @contextmanager
    def _allowance(self) -> Iterator[tuple[Session, Allowance, datetime]]:
        """Lock what is known about the tenant for one change, and give the time once the lock is held."""
        with self._row_lock, self._database.write_hastily() as session:
            allowance = Allowance.model_validate(allowances.locked(session, self._tenant_id))
            if not self._is_everybodys:
                self._behind = postgresql.clock(session.connection()) - self._clock()
            yield session, allowance, self._now()
            allowances.keep(session, self._tenant_id, allowance.model_dump(mode="json", exclude_defaults=True))

    def _now(self) -> datetime:
        """The time by the clock that counts, estimated from the last look at it."""
        return self._clock() + self._behind


def budget_of(integration: Integration, tenant_id: str, priority: CallPriority = CallPriority.PEOPLE) -> Budget:
    """Return the budget of one tenant's calls at this priority."""
    given = integration.settings
    limits = Limits(given.xero_max_concurrent, given.xero_calls_per_minute, given.xero_calls_per_day)
    return integration.budgets.setdefault(
        (tenant_id, priority),
        SharedBudget(
            integration.database,
            tenant_id,
            limits,
            priority,
            clock=integration.clock,
            is_everybodys=integration.clock is not utc_now,
            sleep=integration.sleep,
        ),
    )


def xpm_api(
    integration: Integration,
    http: httpx.Client,
    tenant_id: str,
    priority: CallPriority = CallPriority.PEOPLE,
    tries: Tries | None = None,
) -> XpmApi:
    """Return the XPM client of one tenant, which keeps to the budget that all processes share."""
    budget = budget_of(integration, tenant_id, priority)
    app, sleep, clock = integration.app, integration.sleep, integration.clock
    return XpmApi(http, app, tenant_id, budget, sleep=sleep, clock=clock, reader_of=reader_of, tries=tries)


def xpm_writer(
    integration: Integration, http: httpx.Client, tenant_id: str, priority: CallPriority = CallPriority.PEOPLE
) -> XpmWriter:
    """Return what writes to one tenant within the same budget."""
    budget = budget_of(integration, tenant_id, priority)
    app, sleep, clock = integration.app, integration.sleep, integration.clock
    return XpmWriter(http, app, tenant_id, budget, sleep=sleep, clock=clock, reader_of=reader_of)
