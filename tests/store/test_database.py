"""The database: migrations, transactions, and errors when it cannot be reached."""

import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from tests.processes import FORKED
from tests.store.kit import NOW, practice
from tests.store.workers import add_practices, migrate_in_step, run
from xpm.store import migrations, people, practices
from xpm.store.engine.database import Database, Schema
from xpm.store.errors import DatabaseUnavailable
from xpm.store.migrations import schema
from xpm.store.tables import StoreTable

pytestmark = pytest.mark.also_on_postgresql("the store itself")


both_empty = pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)


def test_the_migrations_create_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        assert schema.differences(connection) == []
        assert set(inspect(connection).get_table_names()) == {*StoreTable.metadata.tables, "alembic_version"}


def test_a_difference_between_models_and_database_is_reported(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE job DROP COLUMN budget"))
        assert "budget" in str(schema.differences(connection))
        connection.rollback()


def test_the_newest_revision_is_the_head_of_the_history(database: Database) -> None:
    assert ScriptDirectory.from_config(schema._config()).get_heads() == [migrations.newest()]
    with database.engine.connect() as connection:
        assert migrations.applied(connection) == migrations.newest()


@both_empty
def test_downgrading_every_migration_leaves_no_table(empty_url: str) -> None:
    database = Database(empty_url)
    database.migrate()
    with database.engine.begin() as connection:
        command.downgrade(schema._config(connection), "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert database.schema() is Schema.OLDER
    database.close()


@both_empty
def test_processes_that_migrate_at_once_all_reach_the_newest_schema(empty_url: str) -> None:
    barrier = FORKED.Barrier(3)
    workers = [FORKED.Process(target=migrate_in_step, args=(empty_url, barrier)) for _ in range(3)]
    run(workers)


@both_empty
def test_a_database_without_tables_is_not_current(empty_url: str) -> None:
    database = Database(empty_url)
    assert database.schema() is Schema.OLDER
    database.migrate()
    database.migrate()
    assert database.schema_is_current()
    database.close()


def test_a_database_that_a_later_version_migrated_is_newer(database: Database) -> None:
    assert database.schema() is Schema.CURRENT
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    assert database.schema() is Schema.NEWER
    with database.engine.begin() as connection:  # other tests use the same PostgreSQL database
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": migrations.newest()})


def test_writers_in_several_processes_wait_for_each_other(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    workers = [FORKED.Process(target=add_practices, args=(url, worker, 25)) for worker in range(2)]
    run(workers)
    with database.read() as session:
        assert len(practices.all_of_them(session)) == 50


def test_a_write_block_that_fails_writes_nothing(database: Database) -> None:
    def fail_after_writing() -> None:
        with database.write() as session:
            practice(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with database.read() as session:
        assert practices.all_of_them(session) == []


def test_only_a_hasty_block_skips_waiting_for_the_disk(database: Database) -> None:
    """Check on one pooled connection that each block sets its own level; in SQLite 1 is NORMAL and 2 is FULL."""
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


def test_writing_in_a_read_block_fails(database: Database) -> None:
    with database.read() as session, pytest.raises(DBAPIError):
        practice(session)
    with database.write() as session:  # the same pooled connection may write again
        practice(session)


def test_a_read_block_sees_one_snapshot(database: Database) -> None:
    with database.read() as session:
        assert practices.all_of_them(session) == []
        with database.write() as other:
            practice(other)
        assert practices.all_of_them(session) == []
    with database.read() as session:
        assert len(practices.all_of_them(session)) == 1


def test_a_foreign_key_to_a_missing_row_is_refused(database: Database) -> None:
    with pytest.raises(DBAPIError), database.write() as session:
        people.add(session, "nobody", "ana@acme.example", "Ana")


def test_a_sqlite_file_and_its_folder_are_created_for_their_owner_only(tmp_path: Path) -> None:
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
def test_an_invalid_database_url_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refusal:
        Database(url)
    assert "hunter2" not in str(refusal.value)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    database = Database("postgresql://xpm:hunter2@127.0.0.1:1/xpm?connect_timeout=2")
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/xpm") as refusal:
        database.migrate()
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(database)


def test_postgresql_always_uses_psycopg_3() -> None:
    assert Database("postgres://127.0.0.1/xpm").url.drivername == "postgresql+psycopg"


def test_a_row_is_stored_with_the_given_time(database: Database) -> None:
    with database.write() as session:
        practice(session)
    with database.read() as session:
        assert practices.get(session, "acme").created_at == NOW
