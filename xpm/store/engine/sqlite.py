"""Makes SQLite behave like PostgreSQL: real transactions, foreign keys, and waiting instead of failing."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

READ_ONLY = "xpm_read_only"
"""Execution option of connections that must not write."""

HASTY = "xpm_hasty"
"""Execution option of transactions that may be lost if the power fails. Earlier transactions are safe."""

BUSY_TIMEOUT_MS = 90_000  # longer than any batch of ours, and than another program's lock of a minute

PAGE_BYTES = 16 * 1024  # holds six jobs with their tasks; a job takes 2.5 kB, so SQLite's own 4 kB stay a third empty


def create(file: Path) -> None:
    """Create a database file that only its owner can read, unless it exists.

    The file is in WAL mode, so that readers and the writer do not wait for each other. The mode is set before the file
    gets its name: if several processes set it on one file, SQLite answers "database is locked" whatever the time-out.
    Raises OSError.
    """
    folder = file.absolute().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists():
        return
    with TemporaryDirectory(dir=folder, prefix=f".{file.name}-") as private:
        unnamed = Path(private, file.name)
        with closing(sqlite3.connect(unnamed)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
        unnamed.chmod(0o600)
        with suppress(FileExistsError):  # another process was first
            os.link(unnamed, file)


def prepare(engine: Engine) -> None:
    """Set up every connection of `engine`, and take over from the driver how transactions begin."""
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


def is_busy(error: DBAPIError) -> bool:
    """Whether others held the database's lock for longer than anybody waits for it."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY  # extended codes have it in the lowest byte


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # otherwise the driver begins transactions late and commits before DDL
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """Begin a transaction; a writer takes the lock at once.

    A deferred transaction that reads first and writes later fails at once with "database is locked" if another writer
    came in between, whatever the time-out (https://www.sqlite.org/lang_transaction.html, section 2.2).
    """
    options = connection.get_execution_options()
    reading = bool(options.get(READ_ONLY))
    driver = connection.connection.cursor()  # SQLAlchemy's own way takes ten times as long
    driver.execute(f"PRAGMA query_only = {int(reading)}")  # reads no file, so there is no error to translate
    driver.close()
    if not reading:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if options.get(HASTY) else 'FULL'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
