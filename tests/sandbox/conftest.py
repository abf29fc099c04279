"""Two sandboxes: a small one for each test, and the demo world, shared and read-only."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, demo_world, small_world
from sandbox.xpm.limits import RateLimits
from tests.conftest import Serve
from tests.sandbox.xero_app import XeroApp

UNLIMITED = RateLimits(0, 0, 0)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """Serve a small world with Xero's own limits, for one test."""
    return serve(small_world())


@pytest.fixture
def app(server: SandboxServer) -> Iterator[XeroApp]:
    """Give an app of that server that Mere has connected to Harbour & Vale."""
    app = XeroApp(server).connect()
    yield app
    app.http.close()


@pytest.fixture(scope="session")
def demo_app() -> Iterator[XeroApp]:
    """Give an app connected to both accounts of the demo world, without limits. Tests only read with it."""
    with SandboxServer(demo_world(limits=UNLIMITED)) as running:
        app = XeroApp(running, tenants=(HARBOUR_VALE, COASTAL_BRANCH)).connect()
        yield app
        app.http.close()
