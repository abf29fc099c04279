"""A table holds one kind of record. Records are generated when read, stored once edited, and rendered to XML once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import RLock
from typing import Any, Generic, TypeVar

from sandbox.generator.record import Record

O = TypeVar("O")  # noqa: E741 - O is the outline, as T is a type elsewhere

CACHE_BYTES = 128 * 1024 * 1024
"""How much XML one table caches. 20,000 detailed jobs take about 60 MB. Of 200,000 only the first part is cached and
the rest is rendered on each read, so that the benchmark's world fits a small machine."""


class Table(Generic[O]):
    """Records in order of creation, found by key. Thread-safe.

    A position never changes and is never reused, so page tokens stay valid when records are edited. A key may change.

    Args:
        lock: shared by the whole account, so that an edit of several tables becomes visible at once.
        keys: the unique key of each record.
        outlines: what lists need to know of each record without generating it.
        make: generates the record at a position; a pure function of the position.
        names: current names by UUID, for references to renamed records.
    """

    def __init__(
        self,
        lock: RLock,
        keys: Sequence[str],
        outlines: Sequence[O],
        make: Callable[[int], Record],
        names: Mapping[str, str],
    ) -> None:
        self._lock = lock
        self._keys = list(keys)
        self._outlines = list(outlines)
        self._make = make
        self._names = names
        self._position = {key: position for position, key in enumerate(self._keys)}
        self._edited: dict[int, Record] = {}
        self._gone: set[int] = set()
        self._xml: dict[str, dict[int, bytes]] = {}
        self._xml_bytes = 0
        self.version = 0
        """Increases with every change."""

    def __len__(self) -> int:
        """Return how many records there are now."""
        return len(self._keys) - len(self._gone)

    def positions(self, wanted: Callable[[O], bool] | None = None) -> list[int]:
        """Return the positions of the records, in order; only those whose outline passes `wanted`, if given."""
        with self._lock:
            outlines, gone = self._outlines, self._gone
            if wanted is None:
                return [position for position in range(len(outlines)) if position not in gone]
            return [p for p, outline in enumerate(outlines) if wanted(outline) and p not in gone]

    def find(self, key: str) -> int | None:
        """Return the position of the record with that key (ignoring case), None if there is none."""
        with self._lock:
            position = self._position.get(key)
            if position is None:
                position = next((p for k, p in self._position.items() if k.lower() == key.lower()), None)
            return position

    def key(self, position: int) -> str:
        """Return the key of the record at `position`, even if the record was removed."""
        return self._keys[position]

    def outline(self, position: int) -> O:
        """Return the outline of the record at `position`."""
        return self._outlines[position]

    def record(self, position: int) -> Record:
        """Return a copy of the record at `position` as it is now."""
        with self._lock:
            found = self._edited.get(position)
            copy: Record = _with_current_names(found if found is not None else self._make(position), self._names)
            return copy

    def records(self) -> Iterator[Record]:
        """Yield all records."""
        for position in self.positions():
            yield self.record(position)

    def xml(self, position: int, view: str, write: Callable[[Record], bytes]) -> bytes:
        """Return the XML of one view of the record; `write` renders it, and it is cached until the record changes."""
        with self._lock:
            cached = self._xml.setdefault(view, {})
            xml = cached.get(position)
            if xml is None:
                xml = write(self.record(position))
                if self._xml_bytes + len(xml) <= CACHE_BYTES:
                    cached[position] = xml
                    self._xml_bytes += len(xml)
            return xml

    def add(self, key: str, record: Record, outline: O) -> int:
        """Append a new record and return its position.

        Raises:
            ValueError: the key is taken.
        """
        with self._lock:
            if key in self._position:
                raise ValueError(f"A record {key} already exists.")
            position = len(self._keys)
            self._keys.append(key)
            self._outlines.append(outline)
            self._position[key] = position
            self._edited[position] = record
            self.version += 1
            return position

    def replace(self, position: int, record: Record, outline: O) -> None:
        """Replace the record at `position` and its outline."""
        with self._lock:
            self._edited[position] = record
            self._outlines[position] = outline
            self.drop_xml(position)

    def rekey(self, position: int, key: str) -> None:
        """Give the record at `position` another key.

        Raises:
            ValueError: the key is taken.
        """
        with self._lock:
            if key in self._position:
                raise ValueError(f"A record {key} already exists.")
            del self._position[self._keys[position]]
            self._keys[position] = key
            self._position[key] = position

    def remove(self, position: int) -> None:
        """Remove the record. Its key may be used again."""
        with self._lock:
            self._gone.add(position)
            del self._position[self._keys[position]]
            self.drop_xml(position)

    def drop_xml(self, position: int | None = None) -> None:
        """Drop the cached XML of one record, or of all when a name that other records show has changed."""
        with self._lock:
            self.version += 1
            for cached in self._xml.values():
                for dropped in [position] if position is not None else list(cached):
                    self._xml_bytes -= len(cached.pop(dropped, b""))


def _with_current_names(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - walks a record of any shape
    """Copy `value` and put the current names into its references."""
    if isinstance(value, list):
        return [_with_current_names(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: part if isinstance(part, str) else _with_current_names(part, names) for name, part in value.items()}
    if names and copy.get("UUID") in names:
        copy["Name"] = names[copy["UUID"]]
    return copy
