"""Programs of FYI that call the console of a connected practice over real HTTP, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.console.api.program import Programs, Pushes
from tests.console.conftest import office
from tests.console.office import Office
from tests.console.serving import serving
from tests.pull.conftest import server
from tests.push.conftest import desk, sqlite_desk, synchronised_once
from tests.push.desk import Desk

__all__ = ["desk", "office", "server", "sqlite_desk", "synchronised_once"]


@pytest.fixture
def programs(desk: Desk) -> Iterator[Programs]:
    """Programs of FYI, on SQLite and on PostgreSQL."""
    with _at_work(desk) as programs:
        yield programs


@pytest.fixture
def sqlite_programs(sqlite_desk: Desk) -> Iterator[Programs]:
    """The same on SQLite only, for rules that do not depend on the database."""
    with _at_work(sqlite_desk) as programs:
        yield programs


@contextmanager
def _at_work(desk: Desk) -> Iterator[Programs]:
    runs = Pushes()
    with (
        httpx.Client() as browser,
        serving(Office(desk.house.integration, runs, browser)) as port,
        Programs.at(desk, port, runs) as programs,
    ):
        yield programs
