"""A practice and its sandbox, on both databases."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.server import SandboxServer
from sandbox.world import World, small_world
from sandbox.xpm.limits import RateLimits
from tests.beginnings import Beginning
from tests.conftest import Serve
from tests.consent.harbour import Harbour, move_in
from tests.consent.installation import settings_for
from tests.databases import SqliteFiles
from xpm.integration import Integration
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.xero.http.client import open_client

NO_LIMITS = RateLimits(0, 0, 0, 0)
KEY = Vault.new_key()  # of all installations of a test process


def a_small_world() -> World:
    """Make a Xero with a few records."""
    return small_world(jobs=3, clients=3, returns=1, limits=NO_LIMITS)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """A small Xero for one test."""
    return serve(a_small_world())


@pytest.fixture
def integration(database: Database, server: SandboxServer) -> Iterator[Integration]:
    """An installation that uses the sandbox's clock, which advances instead of waiting."""
    world = server.world

    def sleep(seconds: float) -> None:
        world.clock.advance(seconds)

    with open_client() as http:
        yield Integration(
            settings_for(server.url, KEY), database, Vault([KEY]), http, clock=world.clock.now, sleep=sleep
        )


@pytest.fixture
def patient(integration: Integration) -> Integration:
    """The same installation, but it really waits, for tests in which others work meanwhile."""
    return replace(integration, sleep=time.sleep)


@pytest.fixture
def harbour(integration: Integration, server: SandboxServer) -> Harbour:
    """A practice that was never connected."""
    move_in(integration)
    return Harbour(integration, server)


@pytest.fixture
def connected(harbour: Harbour, connected_once: Beginning) -> Harbour:
    """The practice, connected to Harbour & Vale by Mere."""
    if harbour.database.is_postgresql:
        harbour.connect()
    else:
        connected_once.bring_about(harbour.server)
    return harbour


@pytest.fixture(scope="session")
def connected_once(sqlite_files: SqliteFiles) -> Beginning:
    """The practice that Mere connected."""
    return Beginning(sqlite_files, a_small_world, move_in_and_connect)


def move_in_and_connect(server: SandboxServer, database: Database) -> None:
    """Let Mere connect the practice."""
    settings, clock = settings_for(server.url, KEY), server.world.clock
    with open_client() as http:
        integration = Integration(settings, database, Vault([KEY]), http, clock=clock.now)
        move_in(integration)
        Harbour(integration, server).connect()
