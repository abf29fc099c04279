"""One Prefect server for the flow tests of a process, and an office whose settings the flows find around them."""

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import Limits
from tests.flows.office import Office
from tests.prefect_server import prefect_server
from xpm.store.database import Database
from xpm.store.vault import Vault


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prefect server of this test process's own and make it the one that flows report to."""
    home = tmp_path_factory.mktemp("prefect")
    with (
        prefect_server(home) as url,
        temporary_settings({PREFECT_API_URL: url, PREFECT_HOME: home, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield url


@pytest.fixture
def office(prefect_url: str, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A practice with its people, a sandbox, and the environment in which the flows find both."""
    world = small_world(limits=Limits(0, 0, 0, 0))
    with SandboxServer(world) as sandbox:
        office = Office(sandbox, sqlite_database, Vault.new_key())
        office.furnish()
        for name, value in office.environment().items():
            monkeypatch.setenv(name, value)
        yield office
