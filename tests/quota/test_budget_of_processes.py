"""Four busy processes of one practice as Xero sees them, in real time and with Xero's own limits."""

import time
from collections.abc import Iterator

import pytest

from sandbox.faults import fault_from
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_VALE, small_world
from sandbox.xpm.limits import MINUTE, RateLimits, window
from tests.consent.harbour import Harbour, move_in
from tests.consent.installation import settings_for
from tests.consent.workers import call_again_and_again
from tests.processes import FORKED
from xpm.integration import Integration
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.xero.http.client import open_client

pytestmark = pytest.mark.deep

PROCESSES = 4
A_LITTLE_LONGER = 65.0  # seconds: a little longer than the minute that Xero counts


@pytest.fixture
def connected(sqlite_database: Database) -> Iterator[Harbour]:
    """Give a connected practice at a Xero that allows 5 calls in flight and 60 a minute."""
    key = Vault.new_key()
    with SandboxServer(small_world(jobs=3, clients=3, returns=1, limits=RateLimits())) as server:
        settings = settings_for(server.url, key).model_copy(
            update={
                "xpm_database_url": sqlite_database.url.render_as_string(hide_password=False),
                "xero_calls_per_minute": 60,
            }
        )
        with open_client() as http:
            integration = Integration(settings, sqlite_database, Vault([key]), http)
            move_in(integration)
            harbour = Harbour(integration, server)
            harbour.connect()
            yield harbour


def test_four_processes_stay_within_xeros_limits_and_use_nine_tenths_of_its_minute(connected: Harbour) -> None:
    world = connected.server.world
    world.faults.inject(fault_from({"area": "xpm", "kind": "drip", "bytes": 400, "delay": 0.2, "times": 0}))
    barrier = FORKED.Barrier(PROCESSES + 1)
    arguments = (connected.integration.settings, connected.slug, barrier)
    workers = [FORKED.Process(target=call_again_and_again, args=arguments, daemon=True) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    barrier.wait(120)
    now = world.clock.now()
    world.clock.advance(window(now, MINUTE, HARBOUR_VALE)[1] - now.timestamp())  # a minute of Xero's begins now
    world.request_log.clear()
    time.sleep(A_LITTLE_LONGER)
    use = world.request_log.usage()["tenants"][HARBOUR_VALE]
    for worker in workers:
        worker.kill()
        worker.join(60)
    assert use["refused"] == 0  # neither for the minute nor for a sixth call in flight
    assert use["highest_in_flight"] <= 5
    assert 54 <= use["highest_in_a_minute"] <= 60
    assert use["calls"] > use["highest_in_a_minute"]  # they continue in the next minute
