"""A practice that is connected and synchronised, and a branch with many more records."""

import pytest

from sandbox.accounts.account import Account
from sandbox.clock import Clock
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
from sandbox.xpm.limits import RateLimits
from tests.account.branch import sync
from tests.conftest import Serve
from tests.consent.conftest import connected, connected_once, harbour, integration, patient
from tests.consent.harbour import Harbour

__all__ = ["connected", "connected_once", "harbour", "integration", "patient", "server", "synced"]


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """Harbour & Vale with a handful of records, and a Coastal Branch of 400 clients and 1,000 jobs."""
    clock, people = Clock(), the_people()
    harbour = Account(clock, HARBOUR_VALE, HARBOUR_NAME, clients=20, jobs=40, staff=6, people=people)
    coastal = Account(clock, COASTAL_BRANCH, COASTAL_NAME, clients=400, jobs=1_000, staff=9, people=people)
    return serve(World([the_app()], people, [harbour, coastal], clock, RateLimits(0, 0, 0, 0)))


@pytest.fixture
def synced(connected: Harbour) -> Harbour:
    """The practice, connected to Harbour & Vale, with its records in FYI."""
    sync(connected)
    return connected
