"""The opened parts one process works with: settings, database, vault, Xero app and HTTP client."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import httpx

from xpm.quota.allowance import Limits
from xpm.quota.budget import SharedBudget
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.tables import Practice
from xpm.store.vocabulary import CallPriority
from xpm.xero.api import XpmApi
from xpm.xero.app import XeroApp
from xpm.xero.auth import TokenKeeper, XeroAuth
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.http.limits import Budget
from xpm.xero.oauth import OAuthClient


@cache
def trusted() -> ssl.SSLContext:
    """The certificates this process trusts, read once: that takes longer than many a call to Xero."""
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class Integration:
    """Everything the rules of this package need; make one per process and pass it on."""

    settings: Settings = field(repr=False)  # its database URL may hold a password
    database: Database
    vault: Vault
    http: httpx.Client
    clock: Clock = utc_now
    sleep: Sleep = time.sleep
    _budgets: dict[tuple[str, CallPriority], Budget] = field(default_factory=dict, repr=False)

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings | None = None) -> Iterator["Integration"]:
        """Open an installation, by default the one the environment describes, and close it after use.

        Raises:
            NoKeys: XPM_ENCRYPTION_KEYS is not set.
            DatabaseUnavailable: XPM_DATABASE_URL does not lead to a database.
        """
        settings = settings or Settings()
        vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
        database = Database(settings.xpm_database_url)
        try:
            with httpx.Client(verify=trusted()) as http:
                yield cls(settings, database, vault, http)
        finally:
            database.close()

    @cached_property
    def app(self) -> XeroApp:
        """The Xero app that asks for consent."""
        return self.settings.xero_app()

    @cached_property
    def oauth(self) -> OAuthClient:
        """The OAuth dealings of that app."""
        return OAuthClient(self.app, self.http, self.clock)

    def today(self, practice: Practice) -> date:
        """The day it is by the practice's own clock."""
        return self.clock().astimezone(ZoneInfo(practice.time_zone)).date()

    def api(self, http: httpx.Client, tenant_id: str, priority: CallPriority = CallPriority.PEOPLE) -> XpmApi:
        """One tenant's XPM, within the budget that all processes share."""
        budget = self.budget(tenant_id, priority)
        return XpmApi(http, self.app, tenant_id, budget, sleep=self.sleep, clock=self.clock)

    @contextmanager
    def signed_http(self, keeper: TokenKeeper) -> Iterator[httpx.Client]:
        """An HTTP client whose requests carry the keeper's tokens."""
        with httpx.Client(auth=XeroAuth(keeper, self.clock), verify=trusted()) as http:
            yield http

    def budget(self, tenant_id: str, priority: CallPriority = CallPriority.PEOPLE) -> Budget:
        """The calls that may be made for one tenant by callers of this priority."""
        given = self.settings
        limits = Limits(given.xero_max_concurrent, given.xero_calls_per_minute, given.xero_calls_per_day)
        return self._budgets.setdefault(
            (tenant_id, priority),
            SharedBudget(
                self.database,
                tenant_id,
                limits,
                priority,
                clock=self.clock,
                is_everybodys=self.clock is not utc_now,
                sleep=self.sleep,
            ),
        )
