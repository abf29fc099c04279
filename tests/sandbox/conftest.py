"""Sandboxes to test: one to change, one that every test only reads."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, demo_world, small_world
from sandbox.xpm.limits import Limits
from tests.conftest import Serve
from tests.sandbox.xero_app import XeroApp

UNLIMITED = Limits(0, 0, 0)


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    """A small world with Xero's own limits, for this test alone."""
    return serve(small_world())


@pytest.fixture
def app(server: SandboxServer) -> Iterator[XeroApp]:
    """Mere's app at that server, connected to Harbour & Vale."""
    app = XeroApp(server).connect()
    yield app
    app.http.close()


@pytest.fixture(scope="session")
def demo_app() -> Iterator[XeroApp]:
    """An app connected to both practices of the demo world without limits; only to be read."""
    with SandboxServer(demo_world(limits=UNLIMITED)) as running:
        app = XeroApp(running, tenants=(HARBOUR_VALE, COASTAL_BRANCH)).connect()
        yield app
        app.http.close()
