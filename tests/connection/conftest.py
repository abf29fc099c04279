"""A practice that may connect to a sandbox of Xero, on both databases."""

import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.conftest import Serve
from tests.connection.harbour import Harbour, move_in
from tests.connection.installation import settings_for
from xpm.integration import Integration, trusted
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database

NO_LIMITS = RateLimits(0, 0, 0, 0)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """Give a small Xero of the test's own."""
    return serve(small_world(jobs=3, clients=3, returns=1, limits=NO_LIMITS))


@pytest.fixture
def integration(database: Database, server: SandboxServer) -> Iterator[Integration]:
    """Give an installation whose time is the sandbox's: waiting pushes it forward."""
    key, world = Vault.new_key(), server.world

    def sleep(seconds: float) -> None:
        world.clock.advance(seconds)

    with httpx.Client(verify=trusted()) as http:
        yield Integration(
            settings_for(server.url, key), database, Vault([key]), http, clock=world.clock.now, sleep=sleep
        )


@pytest.fixture
def patient(integration: Integration) -> Integration:
    """Give the same installation, which really waits: for tests in which others work meanwhile."""
    return replace(integration, sleep=time.sleep)


@pytest.fixture
def harbour(integration: Integration, server: SandboxServer) -> Harbour:
    """Give a practice that was never connected."""
    move_in(integration)
    return Harbour(integration, server)


@pytest.fixture
def connected(harbour: Harbour) -> Harbour:
    """Give the practice, connected to Harbour & Vale by Mere."""
    harbour.connect()
    return harbour
