"""The time that staff recorded on an account's jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from threading import RLock


@dataclass(frozen=True)
class RecordedTime:
    """One entry. Job and task keep their identity when they are renamed."""

    uuid: str
    job: int
    """The job's position in the account's table."""
    task: str
    """The task's UUID on that job."""
    staff: str
    """The UUID of the member of staff."""
    day: date
    minutes: int
    """0 and below are allowed."""
    note: str | None = None
    billable: bool = True
    start: str | None = None
    """`HH:MM`, if the entry was written with a start and an end."""
    end: str | None = None


class RecordedTimes:
    """All entries of one account, in order of creation. Thread-safe.

    Args:
        lock: shared by the whole account.
    """

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._entries: dict[str, RecordedTime] = {}

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[RecordedTime]:
        """Yield all entries."""
        with self._lock:
            return iter(list(self._entries.values()))

    def find(self, uuid: str) -> RecordedTime | None:
        """Return the entry with that UUID (ignoring case), None if there is none."""
        return self._entries.get(uuid.lower())

    def put(self, entry: RecordedTime) -> None:
        """Add an entry, or replace the one with its UUID."""
        with self._lock:
            self._entries[entry.uuid] = entry

    def remove(self, uuid: str) -> None:
        """Remove an entry."""
        with self._lock:
            del self._entries[uuid]

    def of_job(self, position: int) -> list[RecordedTime]:
        """Return the entries of the job at `position`."""
        return [entry for entry in self if entry.job == position]
