"""The journal of writes: what each write to XPM changed. It holds no body and no value, so tests can count safely."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any

KEPT_WRITES = 50_000
"""The oldest writes are dropped."""


@dataclass(frozen=True)
class JournalledWrite:
    """One write that reached an endpoint of XPM. What was refused before, for its token say, is in the request log."""

    number: int
    at: datetime
    tenant: str
    verb: str
    path: str
    """The path below XPM's base."""
    body_sha256: str
    """The digest of the body, in hexadecimal."""
    applied: bool
    """Whether it changed the account. False if XPM refused, or only pretended."""
    entity: str | None = None
    """`jobs`, `clients`, `custom_field_values` or `time_entries`; None if XPM refused."""
    key: str | None = None
    """The job's number, the client's UUID or the time entry's UUID."""
    elements: tuple[str, ...] = ()
    """What it set: elements of the job or client as answers name them, elements of a time entry as requests do, or
    UUIDs of custom fields."""
    refused: str | None = None
    """The ErrorDescription."""

    def as_json(self) -> dict[str, Any]:
        """Return the write as the control API shows it."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass
class WriteJournal:
    """The writes to all accounts, newest last."""

    _writes: deque[JournalledWrite] = field(default_factory=lambda: deque(maxlen=KEPT_WRITES))
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, at: datetime, tenant: str, verb: str, path: str, **what: Any) -> None:  # noqa: ANN401 - the fields of JournalledWrite
        """Number a write and keep it."""
        with self._lock:
            self._writes.append(JournalledWrite(next(self._numbers), at, tenant, verb, path, **what))

    def writes(self, since: int = 0) -> list[JournalledWrite]:
        """Return the writes numbered above `since`."""
        with self._lock:
            return [write for write in self._writes if write.number > since]

    def applied(self, since: int = 0) -> list[JournalledWrite]:
        """Return the writes numbered above `since` that changed an account."""
        return [write for write in self.writes(since) if write.applied]

    def clear(self) -> None:
        """Forget all writes. The numbers go on."""
        with self._lock:
            self._writes.clear()
