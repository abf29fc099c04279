"""A connected practice for each test, on either database."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.beginnings import Beginning
from tests.conftest import Serve
from tests.databases import SqliteFiles
from tests.pull.house import YEARS, House, at_home, opened
from xpm.store.engine.database import Database

UNLIMITED = RateLimits(0, 0, 0, 0)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """A small Xero for this test only."""
    return serve(small_world(years=YEARS, limits=UNLIMITED))


@pytest.fixture(scope="session")
def connected_once(sqlite_files: SqliteFiles) -> Beginning:
    """A connected practice that has never been synchronised, to copy for each test."""
    return Beginning(sqlite_files, lambda: small_world(years=YEARS, limits=UNLIMITED), move_in)


def move_in(server: SandboxServer, database: Database) -> None:
    """Set up a practice and connect it."""
    with opened(server, database):
        pass


@pytest.fixture
def house(server: SandboxServer, database: Database, connected_once: Beginning) -> Iterator[House]:
    """A connected practice that has never been synchronised, on SQLite and on PostgreSQL."""
    connected_once.bring_about(server, database)
    with at_home(server, database) as house:
        yield house


@pytest.fixture
def sqlite_house(server: SandboxServer, sqlite_database: Database, connected_once: Beginning) -> Iterator[House]:
    """The same on SQLite only, for rules that do not depend on the database."""
    connected_once.bring_about(server)
    with at_home(server, sqlite_database) as house:
        yield house
