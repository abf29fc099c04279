"""After a change of what reads records, each of them is read once more, although XPM sends it unchanged."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.pull.house import House
from xpm.entities import fingerprint
from xpm.entities.names import Entity
from xpm.entities.row import RowShape
from xpm.xero.models import Staff, XpmRecord


def test_after_a_change_of_the_reader_each_record_is_read_once_more(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    read = counted(monkeypatch)
    first = house.sync(Entity.STAFF)
    assert read() == first.added > 0
    assert house.sync(Entity.STAFF).unchanged == first.added
    assert read() == 0
    changed: dict[type[XpmRecord], bytes] = {**fingerprint._BY_MODEL, Staff: b"another reader"}
    monkeypatch.setattr(fingerprint, "_BY_MODEL", changed)
    assert house.sync(Entity.STAFF).unchanged == first.added
    assert read() == first.added
    house.sync(Entity.STAFF)
    assert read() == 0


def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how many rows are made of records, since it was last asked."""
    rows, make = 0, RowShape.__call__

    def made(*arguments: Any) -> Any:  # noqa: ANN401 - as the original
        nonlocal rows
        rows += 1
        return make(*arguments)

    def since() -> int:
        nonlocal rows
        so_far, rows = rows, 0
        return so_far

    monkeypatch.setattr(RowShape, "__call__", made)
    return since
