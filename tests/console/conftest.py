"""A console with a real SQLite database and invented practices and, for some tests, a sandbox as its Xero."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.console.office import CONSOLE, Office, office_over
from xpm.settings import Settings
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database


@pytest.fixture
def office(sqlite_database: Database) -> Iterator[Office]:
    """A console without any Xero."""
    with office_over(sqlite_database, settings()) as opened:
        yield opened


@pytest.fixture
def practising(sqlite_database: Database) -> Iterator[Office]:
    """A console with the sandbox as its Xero, over real HTTP."""
    with (
        SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server,
        office_over(sqlite_database, settings(**at_sandbox(server.url)), server.world.clock.now) as opened,
    ):
        yield opened


def at_sandbox(url: str) -> dict[str, str]:
    """Make the settings with the sandbox at `url` as the console's Xero."""
    return {
        "xero_authorize_url": f"{url}/identity/connect/authorize",
        "xero_token_url": f"{url}/connect/token",
        "xero_revocation_url": f"{url}/connect/revocation",
        "xero_connections_url": f"{url}/connections",
        "xero_xpm_url": f"{url}/practicemanager/3.1/",
        "xero_issuer": url,
        "xero_jwks_url": f"{url}/.well-known/openid-configuration/jwks",
    }


def settings(**more: str) -> Settings:
    """Make the settings of a test."""
    given = {
        "xpm_encryption_keys": Vault.new_key(),
        "xpm_console_url": CONSOLE,
        "xero_client_id": "FYI-XPM-SANDBOX",
        "xero_client_secret": "sandbox-secret",
        "xero_tax_url": "http://127.0.0.1:9/tax/returns",
    }
    return Settings.model_validate(given | more)
