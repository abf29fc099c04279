"""A database that is away for a moment is waited for; a transaction that is cut leaves nothing behind, and says so."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Connection, text

from tests.store.kit import practice
from xpm.store import practices
from xpm.store.engine.database import Database
from xpm.store.errors import DatabaseUnavailable

CUT, WHO = text("SELECT pg_terminate_backend(:pid)"), text("SELECT pg_backend_pid()")
PATIENCE = 30  # seconds


def names(database: Database) -> list[str]:
    with database.read() as session:
        return [one.slug for one in practices.all_of_them(session)]


def test_a_lock_of_a_minute_is_waited_out(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        milliseconds = session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert milliseconds > 60_000


def test_whoever_waits_for_a_lock_in_vain_is_told_that_the_database_is_away(sqlite_database: Database) -> None:
    impatient = Database(str(sqlite_database.url))
    with impatient.read() as session:
        session.connection().exec_driver_sql("PRAGMA busy_timeout = 1")  # of the only connection in the pool
    with sqlite_database.write() as holder:
        holder.connection()  # begins the transaction
        with pytest.raises(DatabaseUnavailable, match="locked"), impatient.write() as session:
            session.connection()
    impatient.close()


def write_and_be_cut(database: Database, admin: Connection) -> None:
    """Lose the connection in the middle of a transaction."""
    with database.write() as session:
        practice(session, "half-written")
        admin.execute(CUT, {"pid": session.connection().scalar(WHO)})
        practice(session, "never")


@pytest.fixture
def admin(postgresql_database: Database) -> Iterator[Connection]:
    """Give a connection that is never cut."""
    with postgresql_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def reached(postgresql_database: Database, admin: Connection) -> Iterator[Database]:
    """Give an empty database of its own, without tables."""
    admin.execute(text("CREATE DATABASE restarting"))
    database = Database(postgresql_database.url.set(database="restarting").render_as_string(hide_password=False))
    yield database
    database.close()
    admin.execute(text("DROP DATABASE restarting WITH (FORCE)"))


def test_a_transaction_that_is_cut_leaves_nothing_and_the_next_one_succeeds(
    reached: Database, admin: Connection
) -> None:
    reached.migrate()
    with pytest.raises(DatabaseUnavailable):
        write_and_be_cut(reached, admin)
    with reached.write() as session:
        practice(session, "afterwards")
    assert names(reached) == ["afterwards"]


def who(database: Database) -> int:
    with database.read() as session:
        pid: int = session.connection().execute(WHO).scalar_one()
    return pid


def test_a_server_that_restarts_is_waited_for(reached: Database, admin: Connection) -> None:
    before = who(reached)
    admin.execute(text("ALTER DATABASE restarting ALLOW_CONNECTIONS false"))
    with ThreadPoolExecutor(1) as beside:
        try:
            admin.execute(CUT, {"pid": before})
            waiting = beside.submit(who, reached)
            assert not wait([waiting], 0.5).done, "nobody may connect yet"
        finally:
            admin.execute(text("ALTER DATABASE restarting ALLOW_CONNECTIONS true"))
        assert waiting.result(PATIENCE) != before


def test_a_database_that_never_answered_is_reported_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable), Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing").read():
        pass
    assert time.monotonic() - began < PATIENCE
