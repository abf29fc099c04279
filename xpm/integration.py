"""What a process needs to work with Xero as well: an installation, its Xero app and an HTTP client."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx

from xpm.installation import Installation
from xpm.settings import Settings
from xpm.store.vocabulary import CallPriority
from xpm.xero.app import XeroApp
from xpm.xero.auth import TokenKeeper, XeroAuth
from xpm.xero.clock import Sleep
from xpm.xero.http.client import open_client
from xpm.xero.http.limits import Budget
from xpm.xero.oauth import OAuthClient

EXPORT_ENDINGS = (".xlsx", ".csv")


@dataclass(frozen=True)
class Integration(Installation):
    """Everything that the rules of this package need. Make one per process and pass it on."""

    http: httpx.Client
    sleep: Sleep = field(default=time.sleep, kw_only=True)
    budgets: dict[tuple[str, CallPriority], Budget] = field(default_factory=dict, repr=False, kw_only=True)

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings | None = None) -> Iterator["Integration"]:
        """Open an installation, by default the one that the environment describes, and close it after use.

        Raises:
            NoKeys: XPM_ENCRYPTION_KEYS is not set.
            DatabaseUnavailable: XPM_DATABASE_URL does not lead to a database.
        """
        with Installation.opened(settings) as base, open_client(trust_proxy=base.settings.xpm_trust_proxy) as http:
            yield cls(base.settings, base.database, base.vault, http)

    @cached_property
    def app(self) -> XeroApp:
        """The Xero app that asks for consent."""
        return self.settings.xero_app()

    @cached_property
    def oauth(self) -> OAuthClient:
        """The OAuth client of that app."""
        return OAuthClient(self.app, self.http, self.clock)

    @contextmanager
    def signed_http(self, keeper: TokenKeeper) -> Iterator[httpx.Client]:
        """Open an HTTP client whose requests carry the keeper's tokens."""
        trust_proxy = self.settings.xpm_trust_proxy
        with open_client(trust_proxy=trust_proxy, auth=XeroAuth(keeper, self.clock)) as http:
            yield http

    def tax_export(self, slug: str) -> Path | None:
        """Find the practice's exported tax returns, if there is such a file; reading it takes no call to Xero."""
        folder = self.settings.xpm_tax_exports
        files = [folder / f"{slug}{ending}" for ending in EXPORT_ENDINGS] if folder else []
        return next((file for file in files if file.is_file()), None)

    def has_tax_source(self, slug: str) -> bool:
        """Whether there is a source to read the practice's tax returns from."""
        return self.tax_export(slug) is not None or self.app.tax_url is not None
