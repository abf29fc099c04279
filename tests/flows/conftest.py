"""One Prefect server for the flow tests of a process, and an office whose settings the flows find around them."""

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

from sandbox.world import MERE, small_world
from sandbox.xpm.limits import RateLimits
from tests.conftest import Serve
from tests.flows.office import MADE_BY, SLUG, Office
from tests.prefect_server import prefect_server
from tests.sync.house import YEARS, connect
from xpm.entities.names import EVERYTHING
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger


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
def office(prefect_url: str, serve: Serve, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A practice with its people, a sandbox, and the environment in which the flows find both."""
    office = Office(serve(small_world(years=YEARS, limits=RateLimits(0, 0, 0, 0))), sqlite_database, Vault.new_key())
    office.furnish()
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    return office


@pytest.fixture
def connected(office: Office) -> Office:
    """The office, connected and synchronised a moment ago: what a reconnect comes to, without Prefect's seconds."""
    with Integration.opened() as integration:
        connect(integration, run=MADE_BY)
        for entity in EVERYTHING:
            request = PullRequest(SLUG, entity, SyncMode.FULL, SyncTrigger.RECONNECT, MERE, MADE_BY)
            assert run_pull(integration, request).status in {RunStatus.SUCCESS, RunStatus.SKIPPED}
    return office
