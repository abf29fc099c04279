"""A sync whose connection to PostgreSQL is cut leaves nothing half-written, says so, and its retry finishes it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, text

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.pull.conftest import UNLIMITED
from tests.pull.house import House, opened
from xpm.entities.names import Entity
from xpm.pull.summary import message_of
from xpm.store.engine.database import Database
from xpm.store.errors import DatabaseUnavailable
from xpm.store.vocabulary import RunStatus

CUT, WHO = text("SELECT pg_terminate_backend(:pid)"), "SELECT pg_backend_pid()"


@pytest.fixture
def house(postgresql_database: Database) -> Iterator[House]:
    """A connected practice on PostgreSQL, with connections that no other test uses."""
    database = Database(postgresql_database.url.render_as_string(hide_password=False))
    with SandboxServer(small_world(limits=UNLIMITED)) as server, opened(server, database) as house:
        yield house
    database.close()


@pytest.fixture
def admin(postgresql_database: Database) -> Iterator[Connection]:
    """A connection that is never cut."""
    with postgresql_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def test_a_sync_that_is_cut_is_finished_by_its_retry(house: House, admin: Connection) -> None:
    cuts: list[int] = []

    def cut(_connection: object, cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO staff ") and not cuts:
            cuts.append(cursor.execute(WHO).fetchone()[0])  # type: ignore[attr-defined]
            admin.execute(CUT, {"pid": cuts[0]})

    event.listen(house.database.engine, "before_cursor_execute", cut)
    with pytest.raises(DatabaseUnavailable) as failed:
        house.sync(Entity.STAFF, flow_run_id="run")
    assert cuts
    assert message_of(Entity.STAFF, failed.value).key == "sync.database_unavailable"
    assert house.rows("staff") == []
    assert [run.status for run in house.runs()] == [RunStatus.FAILURE]
    assert house.sync(Entity.STAFF, flow_run_id="run").added == len(house.truth("staff"))
