"""A connected practice with its jobs, clients, staff and custom fields in FYI, on either database."""

import pytest

from tests.pull.conftest import connected_once, house, server, sqlite_house
from tests.pull.house import House
from tests.push.desk import Desk, at_desk

__all__ = ["connected_once", "house", "server", "sqlite_house"]


@pytest.fixture
def desk(house: House) -> Desk:
    """Somebody who edits in FYI, on SQLite and on PostgreSQL."""
    return at_desk(house)


@pytest.fixture
def sqlite_desk(sqlite_house: House) -> Desk:
    """The same on SQLite only."""
    return at_desk(sqlite_house)
