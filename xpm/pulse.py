"""Signs of life for long work, so that only killed work counts as dead."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from xpm.store.errors import DatabaseUnavailable


class Pulse:
    """Calls `renew` every `seconds` from a thread that lives only while something is under way."""

    def __init__(self, renew: Callable[[], None], seconds: float) -> None:
        self._renew = renew
        self._seconds = seconds
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._is_beating = False
        self._is_over = threading.Event()

    @contextmanager
    def beating(self, name: str) -> Iterator[None]:
        """Give signs of life for `name` while the block runs."""
        with self._lock:
            self._under_way.add(name)
            if not self._is_beating:
                self._is_beating = True
                threading.Thread(target=self._beat, name="pulse", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(name)

    def under_way(self) -> list[str]:
        """List what is under way now. `renew` asks this once it has the lock: work that ended must not be renewed."""
        with self._lock:
            return sorted(self._under_way)

    def end(self) -> None:
        """Let the thread end at once. Without this it ends by itself, at the next beat that nothing needs."""
        self._is_over.set()

    def _beat(self) -> None:
        while self._is_needed_after_a_while():
            with suppress(SQLAlchemyError, DatabaseUnavailable):  # the next sign may get through
                self._renew()

    def _is_needed_after_a_while(self) -> bool:
        self._is_over.wait(self._seconds)
        with self._lock:
            self._is_beating = bool(self._under_way) and not self._is_over.is_set()
            return self._is_beating
