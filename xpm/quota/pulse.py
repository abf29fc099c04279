"""Signs of life for work that takes long, so that only what was killed is taken for dead."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from xpm.store.errors import DatabaseUnavailable


class Pulse:
    """Calls `renew` every so many seconds while anything is under way; a thread does it, which ends when nothing is."""

    def __init__(self, renew: Callable[[], None], seconds: float) -> None:
        self._renew = renew
        self._seconds = seconds
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._beats = False

    @contextmanager
    def beating(self, name: str) -> Iterator[None]:
        """Give signs of life of `name` while the block runs."""
        with self._lock:
            self._under_way.add(name)
            if not self._beats:
                self._beats = True
                threading.Thread(target=self._beat, name="pulse", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(name)

    def under_way(self) -> list[str]:
        """What is under way now: `renew` asks once it has its turn, since what ended meanwhile must not live on."""
        with self._lock:
            return sorted(self._under_way)

    def _beat(self) -> None:
        while self._is_needed_after_a_while():
            with suppress(SQLAlchemyError, DatabaseUnavailable):  # the next sign may get through
                self._renew()

    def _is_needed_after_a_while(self) -> bool:
        time.sleep(self._seconds)
        with self._lock:
            self._beats = bool(self._under_way)
            return self._beats
