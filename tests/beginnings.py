"""What many tests begin with, done for real once and copied after that: connecting takes as long as many a test."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.databases import Rows, SqliteFiles, fill, rows_in
from xpm.store.engine.database import Database

FRESH = 60.0
"""Seconds after which it is done anew, so that tokens are never much older than those of a consent of a test's own."""

REMEMBERED = ("grants", "connections", "request_log")
"""What a sandbox knows of an installation; all else in a world is as it was made."""


@dataclass(frozen=True)
class _Made:
    database: Path
    world: World
    at: float

    @cached_property
    def rows(self) -> Rows:
        return rows_in(self.database)


class Beginning:
    """What FYI and Xero know of each other after something was done.

    Args:
        files: where the databases of the tests lie.
        make_world: the Xero it is done with.
        do: does it in an empty database.
    """

    def __init__(
        self, files: SqliteFiles, make_world: Callable[[], World], do: Callable[[SandboxServer, Database], None]
    ) -> None:
        self._files, self._make_world, self._do = files, make_world, do
        self._made: _Made | None = None

    def bring_about(self, server: SandboxServer, database: Database | None = None) -> None:
        """Let the database of this test, and the memory of its Xero, be as if it had just been done there.

        Without a database it is the SQLite one; that of PostgreSQL has to be empty.
        """
        if self._made is None or time.monotonic() > self._made.at + FRESH:
            self._made = self._make_anew()
        if database and database.is_postgresql:
            fill(database, self._made.rows)
        else:
            self._files.replace(self._made.database)
        remember(self._made.world, server.world)

    def _make_anew(self) -> _Made:
        if self._made:
            self._made.database.unlink()
        with self._files.another() as (database, file), SandboxServer(self._make_world()) as server:
            self._do(server, database)
        return _Made(file, server.world, time.monotonic())


def remember(made: World, world: World) -> None:
    """Copy what one world knows into another, which keeps its own clock and locks."""
    own: dict[int, object] = {id(made.clock): world.clock}
    for name in REMEMBERED:
        own[id(getattr(made, name)._lock)] = getattr(world, name)._lock
    for name in REMEMBERED:
        setattr(world, name, copy.deepcopy(getattr(made, name), own))
