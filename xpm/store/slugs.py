"""Reads the practices' slugs with the database's own driver, because shell completion cannot wait for the models."""

import sqlite3
from contextlib import closing
from pathlib import Path

from xpm.store.errors import DatabaseUnavailable

AT_ONCE = 1  # seconds; the shortest time-out that libpq accepts
NAMES = "SELECT slug FROM practice ORDER BY slug"


def read(url: str) -> list[str]:
    """List the slugs of the practices in the database at `url`, without creating or changing it.

    Raises:
        DatabaseUnavailable: the database is not there, not migrated, or slow to answer.
    """
    scheme, _, place = url.partition("://")
    backend = scheme.partition("+")[0]
    if backend == "sqlite":
        return _from_sqlite(Path(place.partition("?")[0].removeprefix("/")))
    if backend in {"postgres", "postgresql"}:
        return _from_postgresql(f"postgresql://{place}")
    raise DatabaseUnavailable(f"no support for {backend} databases")


def _from_sqlite(file: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", AT_ONCE, uri=True)) as connection:
            return [slug for (slug,) in connection.execute(NAMES)]
    except sqlite3.Error as error:
        raise DatabaseUnavailable(str(error)) from error


def _from_postgresql(url: str) -> list[str]:
    import psycopg  # noqa: PLC0415 - SQLite does not need it

    limit = f"-c statement_timeout={AT_ONCE * 1000}"
    try:
        with psycopg.connect(url, connect_timeout=AT_ONCE, options=limit) as connection:
            return [slug for (slug,) in connection.execute(NAMES)]
    except psycopg.Error as error:
        raise DatabaseUnavailable(type(error).__name__) from None  # its text may hold a password
