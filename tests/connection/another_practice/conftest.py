"""A practice that is connected and synchronised, beside a branch of many more records."""

from collections.abc import Iterator

import pytest

from sandbox.clock import Clock
from sandbox.practice import Practice
from sandbox.server import SandboxServer
from sandbox.world import (
    COASTAL_BRANCH,
    COASTAL_NAME,
    HARBOUR_NAME,
    HARBOUR_VALE,
    World,
    the_app,
    the_people,
)
from sandbox.xpm.limits import Limits
from tests.connection.another_practice.branch import sync
from tests.connection.harbour import Harbour


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """Harbour & Vale with a handful of records, and a Coastal Branch of 400 clients and 1,000 jobs."""
    clock, people = Clock(), the_people()
    harbour = Practice(clock, HARBOUR_VALE, HARBOUR_NAME, clients=20, jobs=40, staff=6, people=people)
    coastal = Practice(clock, COASTAL_BRANCH, COASTAL_NAME, clients=400, jobs=1_000, staff=9, people=people)
    with SandboxServer(World([the_app()], people, [harbour, coastal], clock, Limits(0, 0, 0, 0))) as running:
        yield running


@pytest.fixture
def synced(connected: Harbour) -> Harbour:
    """The practice, connected to Harbour & Vale, with its records in FYI."""
    sync(connected)
    return connected
