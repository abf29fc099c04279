"""A connected practice for each test, on either database."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.conftest import Serve
from tests.sync.house import YEARS, House, opened
from xpm.store.engine.database import Database

UNLIMITED = RateLimits(0, 0, 0, 0)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """A small Xero for this test alone."""
    return serve(small_world(years=YEARS, limits=UNLIMITED))


@pytest.fixture
def house(server: SandboxServer, database: Database) -> Iterator[House]:
    """A practice that is connected and has never been synchronised; on SQLite and on PostgreSQL."""
    with opened(server, database) as house:
        yield house


@pytest.fixture
def sqlite_house(server: SandboxServer, sqlite_database: Database) -> Iterator[House]:
    """The same on SQLite only, for rules in which the database has no part."""
    with opened(server, sqlite_database) as house:
        yield house
