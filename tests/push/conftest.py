"""A connected practice with its jobs, clients, staff and custom fields in FYI, on either database."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.beginnings import Beginning
from tests.databases import SqliteFiles
from tests.pull.conftest import UNLIMITED, server
from tests.pull.house import YEARS, at_home, opened
from tests.push.desk import Desk, at_desk
from xpm.store.engine.database import Database

__all__ = ["server"]


@pytest.fixture(scope="session")
def synchronised_once(sqlite_files: SqliteFiles) -> Beginning:
    """A practice that was connected and synchronised, to copy for each test."""
    return Beginning(sqlite_files, lambda: small_world(years=YEARS, limits=UNLIMITED), _move_in)


@pytest.fixture
def desk(server: SandboxServer, database: Database, synchronised_once: Beginning) -> Iterator[Desk]:
    """Somebody who edits in FYI, on SQLite and on PostgreSQL."""
    synchronised_once.bring_about(server, database)
    with at_home(server, database) as house:
        yield Desk(house)


@pytest.fixture
def sqlite_desk(server: SandboxServer, sqlite_database: Database, synchronised_once: Beginning) -> Iterator[Desk]:
    """The same on SQLite only, for rules that do not depend on the database."""
    synchronised_once.bring_about(server)
    with at_home(server, sqlite_database) as house:
        yield Desk(house)


def _move_in(server: SandboxServer, database: Database) -> None:
    with opened(server, database) as house:
        at_desk(house)
