"""Lets somebody act in the middle of another's work: between its transactions, on PostgreSQL between its statements."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event, text

from xpm.store.engine.database import Database

LONGEST = 60.0  # seconds

WAITING_FOR_A_LOCK = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@dataclass
class Work:
    """Somebody's work, whose points are counted from 1. At one of them the deed is done.

    A deed that has to wait for the work's locks goes on after them, as in life.
    """

    database: Database
    is_time: Callable[[int], bool]
    deed: Callable[[], object]
    points: int = 0
    errors: list[BaseException] = field(default_factory=list)
    _worker: int = field(default_factory=threading.get_ident)
    _doing: threading.Thread | None = None
    _is_looking: bool = False

    @property
    def was_disturbed(self) -> bool:
        """Whether the work came to the point of the deed."""
        return self._doing is not None

    def go_on(self, *_: object) -> None:
        """Note that the work has come to its next point."""
        if threading.get_ident() != self._worker or self._is_looking or self._doing:
            return
        self.points += 1
        self._is_looking = True
        if self.is_time(self.points):
            self._doing = threading.Thread(target=self._do)
            self._doing.start()
            self._let_it_do()
        self._is_looking = False

    def end(self) -> None:
        """Let the deed end, and raise what it raised."""
        if self._doing:
            self._doing.join(LONGEST)
            assert not self._doing.is_alive(), "the deed waits for ever"
        if self.errors:
            raise self.errors[0]

    def _do(self) -> None:
        try:
            self.deed()
        except BaseException as error:  # noqa: BLE001 - `end` raises it
            self.errors.append(error)

    def _let_it_do(self) -> None:
        assert self._doing
        until = time.monotonic() + LONGEST
        while self._doing.is_alive() and not self._is_blocked():
            assert time.monotonic() < until, "the deed neither ends nor waits for a lock"
            self._doing.join(0.005)

    def _is_blocked(self) -> bool:
        if not self.database.is_postgresql:
            return False
        with self.database.engine.connect() as connection:
            return bool(connection.scalar(WAITING_FOR_A_LOCK))


@contextmanager
def meanwhile(database: Database, is_time: Callable[[int], bool], deed: Callable[[], object]) -> Iterator[Work]:
    """Do the deed when the block comes to the first point of which `is_time` is true, and await it at the end."""
    work = Work(database, is_time, deed)
    points = "before_cursor_execute" if database.is_postgresql else "begin"
    event.listen(database.engine, points, work.go_on, insert=True)
    try:
        yield work
    finally:
        try:
            work.end()
        finally:
            event.remove(database.engine, points, work.go_on)
