"""The database: migrations, transactions, and what it says when it cannot be reached."""

import stat
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from tests.processes import FORKED
from tests.store.kit import NOW, practice
from tests.store.workers import add_practices, migrate_in_step, run
from xpm.store import migrations, people, practices
from xpm.store.engine.database import Database
from xpm.store.errors import DatabaseUnavailable
from xpm.store.tables import StoreTable

pytestmark = pytest.mark.also_on_postgresql("the store itself")


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = make_url(request.getfixturevalue("postgresql_server"))
    admin = Database(server.render_as_string(hide_password=False))
    name = f"empty_{tmp_path.name.lower().replace('[', '_').replace(']', '_').replace('-', '_')}"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.close()
    return server.set(database=name).render_as_string(hide_password=False)


both_empty = pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)


def test_the_migrations_lead_to_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        assert migrations.differences(connection) == []
        assert set(inspect(connection).get_table_names()) == {*StoreTable.metadata.tables, "alembic_version"}


def test_a_difference_between_models_and_database_is_seen(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE job DROP COLUMN budget"))
        assert "budget" in str(migrations.differences(connection))
        connection.rollback()


@both_empty
def test_taking_every_migration_back_leaves_no_table(empty_url: str) -> None:
    database = Database(empty_url)
    database.migrate()
    with database.engine.begin() as connection:
        command.downgrade(migrations._config(connection), "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert not database.schema_is_current()
    database.close()


@both_empty
def test_processes_that_migrate_at_once_all_end_with_the_newest_schema(empty_url: str) -> None:
    barrier = FORKED.Barrier(3)
    workers = [FORKED.Process(target=migrate_in_step, args=(empty_url, barrier)) for _ in range(3)]
    run(workers)


@both_empty
def test_a_database_without_tables_is_not_current(empty_url: str) -> None:
    database = Database(empty_url)
    assert not database.schema_is_current()
    database.migrate()
    database.migrate()
    assert database.schema_is_current()
    database.close()


def test_writers_in_several_processes_queue_instead_of_failing(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    workers = [FORKED.Process(target=add_practices, args=(url, worker, 25)) for worker in range(2)]
    run(workers)
    with database.read() as session:
        assert len(practices.all_of_them(session)) == 50


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    def fail_after_writing() -> None:
        with database.write() as session:
            practice(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with database.read() as session:
        assert practices.all_of_them(session) == []


def test_only_a_hasty_block_does_not_wait_for_the_disk(database: Database) -> None:
    """The same pooled connection is as careful as its block; 1 is SQLite's NORMAL, 2 its FULL."""
    asked = "SHOW synchronous_commit" if database.is_postgresql else "PRAGMA synchronous"
    with database.write() as session:
        before = session.connection().exec_driver_sql(asked).scalar_one()
    with database.write_hastily() as session:
        practice(session)
        assert session.connection().exec_driver_sql(asked).scalar_one() == ("off" if database.is_postgresql else 1)
    with database.write() as session:
        assert session.connection().exec_driver_sql(asked).scalar_one() == before
        assert len(practices.all_of_them(session)) == 1
    assert database.is_postgresql or before == 2


def test_writing_in_a_reading_block_fails(database: Database) -> None:
    with database.read() as session, pytest.raises(DBAPIError):
        practice(session)
    with database.write() as session:  # the same pooled connection may write again
        practice(session)


def test_a_reading_block_sees_one_state_whatever_others_write_meanwhile(database: Database) -> None:
    with database.read() as session:
        assert practices.all_of_them(session) == []
        with database.write() as other:
            practice(other)
        assert practices.all_of_them(session) == []
    with database.read() as session:
        assert len(practices.all_of_them(session)) == 1


def test_a_foreign_key_that_names_nothing_is_refused(database: Database) -> None:
    with pytest.raises(DBAPIError), database.write() as session:
        people.add(session, "nobody", "ana@acme.example", "Ana")


def test_a_sqlite_file_and_its_folder_are_made_for_their_owner_only(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'made' / 'xpm.db'}")
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "made" / "xpm.db").stat().st_mode) == 0o600
    assert [one.name for one in (tmp_path / "made").iterdir()] == ["xpm.db"]
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url at all",
        "mysql://root:hunter2@localhost/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////proc/x/y.db",
    ],
)
def test_an_address_that_cannot_work_is_refused_at_once_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refusal:
        Database(url)
    assert "hunter2" not in str(refusal.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    database = Database("postgresql://xpm:hunter2@127.0.0.1:1/xpm?connect_timeout=2")
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/xpm") as refusal:
        database.migrate()
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(database)


def test_the_driver_for_postgresql_is_psycopg_3_whatever_the_url_says() -> None:
    assert Database("postgres://127.0.0.1/xpm").url.drivername == "postgresql+psycopg"


def test_what_was_written_is_dated_as_given(database: Database) -> None:
    with database.write() as session:
        practice(session)
    with database.read() as session:
        assert practices.get(session, "acme").created_at == NOW
