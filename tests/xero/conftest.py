"""A sandbox for each test that asks for a practice."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.xero.practice import NO_LIMITS, Practice


@pytest.fixture
def practice() -> Iterator[Practice]:
    with SandboxServer(small_world(limits=NO_LIMITS)) as server:
        connected = Practice(server)
        yield connected
        connected.close()
