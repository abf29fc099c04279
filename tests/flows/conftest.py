"""An office whose settings the flows find around them."""

import pytest

from sandbox.server import SandboxServer
from sandbox.world import MERE, World, small_world
from sandbox.xpm.limits import RateLimits
from tests.beginnings import Beginning
from tests.conftest import Serve
from tests.databases import SqliteFiles
from tests.flows.office import MADE_BY, SLUG, Office
from tests.flows.worker import deploy
from tests.pull.house import YEARS, connect
from xpm.entities.names import EVERYTHING
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger

KEY = Vault.new_key()  # of all offices of a test process


def a_small_world() -> World:
    """A Xero whose practices are young."""
    return small_world(years=YEARS, limits=RateLimits(0, 0, 0, 0))


@pytest.fixture
def office(prefect_url: str, serve: Serve, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A practice with its people, a sandbox, and the environment that leads the flows to both."""
    return furnished(serve(a_small_world()), sqlite_database, monkeypatch)


@pytest.fixture
def connected(office: Office, connected_once: Beginning) -> Office:
    """The office, just connected and synchronised: as after a reconnect, but without the time that Prefect takes."""
    connected_once.bring_about(office.sandbox)
    return office


@pytest.fixture
def connected_on_postgresql(
    prefect_url: str, serve: Serve, postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> Office:
    """The same, with its data in PostgreSQL."""
    office = furnished(serve(a_small_world()), postgresql_database, monkeypatch)
    _connect_and_synchronise()
    return office


@pytest.fixture(scope="session")
def connected_once(sqlite_files: SqliteFiles) -> Beginning:
    """An office that is connected and synchronised."""
    return Beginning(sqlite_files, a_small_world, connect_and_synchronise)


@pytest.fixture(scope="session")
def deployed(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the tests with a worker run, deployed once: a deployment says nothing of the worker's environment."""
    deploy(prefect_url, tmp_path_factory.mktemp("deploying"), "reconnect-and-resync", "revert-sync", "sync-practice")


def connect_and_synchronise(server: SandboxServer, database: Database) -> None:
    """Furnish an office, connect it and synchronise everything."""
    with pytest.MonkeyPatch.context() as environment:
        furnished(server, database, environment)
        _connect_and_synchronise()


def _connect_and_synchronise() -> None:
    with Integration.opened() as integration:
        connect(integration, run=MADE_BY)
        for entity in EVERYTHING:
            request = PullRequest(SLUG, entity, SyncMode.FULL, SyncTrigger.RECONNECT, MERE, MADE_BY)
            assert run_pull(integration, request).status in {RunStatus.SUCCESS, RunStatus.SKIPPED}


def furnished(server: SandboxServer, database: Database, environment: pytest.MonkeyPatch) -> Office:
    """An office with its people, and the environment in which its programs find it."""
    office = Office(server, database, KEY)
    office.furnish()
    for name, value in office.environment().items():
        environment.setenv(name, value)
    return office
