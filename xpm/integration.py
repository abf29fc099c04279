"""The opened parts one process works with: settings, database, vault, Xero app and HTTP client."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from xpm.settings import Settings
from xpm.store import people, practices
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.errors import UnknownPractice
from xpm.store.tables import Practice
from xpm.store.vocabulary import CallPriority
from xpm.words import stop
from xpm.xero.app import XeroApp
from xpm.xero.auth import TokenKeeper, XeroAuth
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.http.limits import Budget
from xpm.xero.oauth import OAuthClient

EXPORT_ENDINGS = (".xlsx", ".csv")


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
    budgets: dict[tuple[str, CallPriority], Budget] = field(default_factory=dict, repr=False)

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

    @contextmanager
    def signed_http(self, keeper: TokenKeeper) -> Iterator[httpx.Client]:
        """An HTTP client whose requests carry the keeper's tokens."""
        with httpx.Client(auth=XeroAuth(keeper, self.clock), verify=trusted()) as http:
            yield http

    def practice(self, slug: str) -> Practice:
        """The practice called `slug`. Raises Stopped when there is none."""
        with self.database.read() as session:
            try:
                return practices.get(session, slug)
            except UnknownPractice:
                known = ", ".join(practice.slug for practice in practices.all_of_them(session)) or "none yet"
        raise stop("preflight.unknown_practice", practice=slug, known=known)

    def require_known(self, practice: Practice, email: str) -> None:
        """Raise Stopped unless somebody in the practice has this address in FYI."""
        with self.database.read() as session:
            if people.by_email(session, practice.slug, email) is None:
                raise stop("preflight.user_unknown", email=email, practice=practice.name)

    def apps_page(self, slug: str) -> str:
        """Where an administrator reconnects the practice."""
        return f"{self.settings.xpm_console_url}/practices/{slug}"

    def tax_export(self, slug: str) -> Path | None:
        """The practice's exported tax returns, if there is such a file; they cost Xero nothing."""
        folder = self.settings.xpm_tax_exports
        files = [folder / f"{slug}{ending}" for ending in EXPORT_ENDINGS] if folder else []
        return next((file for file in files if file.is_file()), None)

    def has_tax_source(self, slug: str) -> bool:
        """Whether the practice's tax returns can be read from somewhere."""
        return self.tax_export(slug) is not None or self.app.tax_url is not None
