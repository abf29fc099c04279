"""A shelf holds one kind of record: made from the seed when asked for, kept as edited, written to XML once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import RLock
from typing import Any, Generic, TypeVar

from sandbox.generator.record import Record

O = TypeVar("O")  # noqa: E741 - O is the outline, as T is a type elsewhere

CACHE_BYTES = 128 * 1024 * 1024
"""How much written XML one shelf keeps. 20,000 detailed jobs take about 60 MB; of 200,000 the first part stays and the
rest is written anew each time, so that the benchmark's world fits a small machine."""


class Table(Generic[O]):
    """Records in order of creation, found by key.

    A position never changes and is never reused, so page tokens stay valid over edits. Every method may be called from
    any thread.

    Args:
        lock: shared by the practice, so that an edit of several shelves is seen whole.
        keys: the key of each record, unique.
        outlines: what is known of each record without making it.
        make: makes the record at a position; a pure function of that position.
        names: present names by UUID, for references to records that were renamed since.
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
        self._written: dict[str, dict[int, bytes]] = {}
        self._written_bytes = 0
        self.version = 0
        """Rises with every change."""

    def __len__(self) -> int:
        """How many records are there now."""
        return len(self._keys) - len(self._gone)

    def positions(self, wanted: Callable[[O], bool] | None = None) -> list[int]:
        """The positions of the records there now, in order, of those whose outline is wanted."""
        with self._lock:
            outlines, gone = self._outlines, self._gone
            if wanted is None:
                return [position for position in range(len(outlines)) if position not in gone]
            return [p for p, outline in enumerate(outlines) if wanted(outline) and p not in gone]

    def find(self, key: str) -> int | None:
        """The position of the record with that key (letter case aside), None if there is no such record."""
        with self._lock:
            position = self._position.get(key)
            if position is None:
                position = next((p for k, p in self._position.items() if k.lower() == key.lower()), None)
            return position

    def key(self, position: int) -> str:
        """The key of the record at `position`, also of one that is gone."""
        return self._keys[position]

    def outline(self, position: int) -> O:
        """The outline of the record at `position`."""
        return self._outlines[position]

    def record(self, position: int) -> Record:
        """The record at `position` as it is now; the caller may change what it gets."""
        with self._lock:
            found = self._edited.get(position)
            present: Record = _present(found if found is not None else self._make(position), self._names)
            return present

    def records(self) -> Iterator[Record]:
        """All records there now, one at a time."""
        for position in self.positions():
            yield self.record(position)

    def written(self, position: int, view: str, write: Callable[[Record], bytes]) -> bytes:
        """The XML of one view of the record, written by `write` the first time and kept until the record changes."""
        with self._lock:
            kept = self._written.setdefault(view, {})
            xml = kept.get(position)
            if xml is None:
                xml = write(self.record(position))
                if self._written_bytes + len(xml) <= CACHE_BYTES:
                    kept[position] = xml
                    self._written_bytes += len(xml)
            return xml

    def add(self, key: str, record: Record, outline: O) -> int:
        """Put a new record last.

        Raises:
            ValueError: the key is taken.
        """
        with self._lock:
            if key in self._position:
                raise ValueError(f"There is a record {key} already.")
            position = len(self._keys)
            self._keys.append(key)
            self._outlines.append(outline)
            self._position[key] = position
            self._edited[position] = record
            self.version += 1
            return position

    def replace(self, position: int, record: Record, outline: O) -> None:
        """Keep `record` instead of what was there."""
        with self._lock:
            self._edited[position] = record
            self._outlines[position] = outline
            self.forget(position)

    def remove(self, position: int) -> None:
        """Take the record away; its key may be used again."""
        with self._lock:
            self._gone.add(position)
            del self._position[self._keys[position]]
            self.forget(position)

    def forget(self, position: int | None = None) -> None:
        """Drop the written XML of one record, or of all when a name that others show has changed."""
        with self._lock:
            self.version += 1
            for kept in self._written.values():
                for place in [position] if position is not None else list(kept):
                    self._written_bytes -= len(kept.pop(place, b""))


def _present(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - walks a record, whose parts are of any kind
    """A copy of `value` in which references carry the present names."""
    if isinstance(value, list):
        return [_present(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: part if isinstance(part, str) else _present(part, names) for name, part in value.items()}
    if names and copy.get("UUID") in names:
        copy["Name"] = names[copy["UUID"]]
    return copy
