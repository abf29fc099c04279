"""Empty databases, one after the other, over engines that live as long as the test process.

An engine remembers the SQL of each statement it has run, and writing that SQL down anew takes longer than running it.
Listeners that a test hangs on its database's engine end with the test, since that engine is a view of the lasting one.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, func, make_url, select, text

from xpm.store.engine.database import Database
from xpm.store.tables import StoreTable

RAM = Path("/dev/shm")  # noqa: S108 - what is put there lies in a private folder
ROOM = 256 * 1024 * 1024
"""Bytes that memory must have free for the files of SQLite to lie there; a container may have few."""

Rows = Sequence[tuple[Table, Sequence[Mapping[str, Any]]]]

UNSAFE_BUT_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class SqliteFiles:
    """New SQLite files under one name: each is a copy of a file that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._template, self._file = folder / "template.db", folder / "xpm.db"
        template = Database(f"sqlite:///{self._template}")
        template.migrate()
        template.close()
        self._lasting = Database(f"sqlite:///{self._file}")

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A file with the newest schema and nothing else, for the block."""
        self.replace(self._template)
        yield Database(str(self._lasting.url), self._lasting.engine.execution_options())
        self._clear()

    @contextmanager
    def another(self) -> Iterator[tuple[Database, Path]]:
        """Another empty database for the block, whose file stays as long as the test process."""
        file = self._file.with_name(f"{uuid4()}.db")
        database = Database(f"sqlite:///{shutil.copy(self._template, file)}")
        yield database, file
        database.close()

    def replace(self, file: Path) -> None:
        """Let the database of the test that runs be a copy of that file."""
        self._clear()
        shutil.copy(file, self._file)

    def _clear(self) -> None:
        self._lasting.close()
        for file in self._file.parent.glob(f"{self._file.name}*"):
            file.unlink()


@contextmanager
def folder_for_sqlite() -> Iterator[Path]:
    """A folder in memory where the machine has one: a commit then waits for no disk, and is checked all the same."""
    in_memory = RAM.is_dir() and shutil.disk_usage(RAM).free > ROOM
    with TemporaryDirectory(prefix="xpm-sqlite-", dir=RAM if in_memory else None) as folder:
        yield Path(folder)


class PostgresqlDatabase:
    """One PostgreSQL database that is emptied after each use."""

    def __init__(self, url: str) -> None:
        self._lasting = Database(url)
        self._lasting.migrate()

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """The database with the newest schema and nothing else, for the block."""
        url = self._lasting.url.render_as_string(hide_password=False)
        yield Database(url, self._lasting.engine.execution_options())
        with self._lasting.engine.begin() as connection:
            delete_every_row(connection)

    def close(self) -> None:
        """Give back all connections."""
        self._lasting.close()


def delete_every_row(connection: Connection) -> None:
    """Empty the tables that have rows, and count from 1 again: in PostgreSQL, truncating them all takes far longer.

    Triggers rest meanwhile: those of the audit trail let nobody delete its lines.
    """
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    tables = [table.name for table in reversed(StoreTable.metadata.sorted_tables)]
    looks = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)  # noqa: S608
    filled = set(connection.execute(text(looks)).scalars())
    for name in tables:
        if name in filled:
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608
    used = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
    for sequence in connection.execute(text(used)).scalars().all():
        connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))


def rows_in(file: Path) -> Rows:
    """Every row of a SQLite file, by table, those that others name first."""
    source = Database(f"sqlite:///{file}")
    with source.engine.connect() as connection:
        tables = StoreTable.metadata.sorted_tables
        found = [(table, [dict(row) for row in connection.execute(table.select()).mappings()]) for table in tables]
    source.close()
    return [(table, rows) for table, rows in found if rows]


def fill(database: Database, rows: Rows) -> None:
    """Put these rows into an empty PostgreSQL database, and count on after them."""
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, of_table in rows:
            connection.execute(table.insert(), of_table)
            if (counted := table.autoincrement_column) is not None:
                sequence = func.pg_get_serial_sequence(table.name, counted.name)
                last = max(row[counted.name] for row in of_table)
                connection.execute(select(func.setval(sequence, last)))


def make_fast(url: str) -> str:
    """Let a PostgreSQL server not wait for the disk, and give the URL by which SQLAlchemy reaches it."""
    reached = make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    admin = Database(reached)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in UNSAFE_BUT_FAST:
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.close()
    return reached
