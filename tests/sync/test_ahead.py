"""Reading ahead: the next batches are read while one is stored, and nothing is left behind however it ends."""

import threading
from collections.abc import Generator

import pytest
from sqlalchemy.exc import OperationalError

from sandbox import edits
from tests.sync.house import House
from xpm.store.vocabulary import RunStatus
from xpm.sync.ahead import AHEAD, read_ahead
from xpm.sync.entities import Entity
from xpm.sync.intake import BATCH
from xpm.xero.errors import XeroError


class Source:
    """Counts up to `end`, fails after it if it is told to, and notes what became of it."""

    def __init__(self, end: int, *, fails: bool = False) -> None:
        self.end = end
        self.fails = fails
        self.read = 0
        self.closed = threading.Event()
        self.waits = threading.Event()
        self.waits.set()

    def __iter__(self) -> Generator[int, None, None]:
        try:
            for number in range(self.end):
                self.waits.wait()
                self.read += 1
                yield number
            if self.fails:
                raise ConnectionResetError
        finally:
            self.closed.set()


def readers() -> list[str]:
    """The threads that read ahead now."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (30, [3] * 10)])
def test_every_record_comes_once_and_in_order(count: int, sizes: list[int]) -> None:
    source = Source(count)
    with read_ahead(iter(source), 3) as batches:
        found = list(batches)
    assert [len(batch) for batch in found] == sizes
    assert [number for batch in found for number in batch] == list(range(count))
    assert source.closed.is_set()
    assert readers() == []


def test_batches_are_read_while_another_is_stored_and_only_a_few_of_them() -> None:
    source = Source(1_000)
    with read_ahead(iter(source), 3) as batches:
        next(batches)
        deadline = threading.Event()
        while source.read < (1 + AHEAD) * 3 and not deadline.wait(0.001):
            pass
        assert not deadline.wait(0.05)
        assert source.read <= (1 + AHEAD) * 3 + 1  # the one that found the list full was looked at
        list(batches)
    assert source.read == 1_000


def test_what_reading_raises_comes_after_the_batches_before_it() -> None:
    with read_ahead(iter(Source(7, fails=True)), 3) as batches:
        assert [next(batches), next(batches)] == [[0, 1, 2], [3, 4, 5]]
        with pytest.raises(ConnectionResetError):
            next(batches)
    assert readers() == []


def test_when_storing_fails_the_reader_stops_at_the_next_record_and_the_source_is_closed() -> None:
    source = Source(10**9)
    with pytest.raises(KeyError), read_ahead(iter(source), 10**6) as _:
        raise KeyError
    assert source.closed.is_set()
    assert source.read < 10**6
    assert readers() == []


def test_a_list_that_breaks_off_leaves_the_batches_before_it_and_no_thread(sqlite_house: House) -> None:
    house = sqlite_house
    for number in range(4 * BATCH):
        edits.add(house.xpm, "staff", {"Name": f"Member {number:05}", "Email": f"m{number}@example.test"})
    house.order("truncate", "staff.api/list", fraction=0.99, times=0)
    with pytest.raises(XeroError):
        house.sync(Entity.STAFF)
    stored = len(house.active("staff", "uuid"))
    assert (stored > 0, stored % BATCH) == (True, 0)
    assert readers() == []
    house.calm()
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


def test_when_a_batch_cannot_be_stored_the_answer_of_xero_is_given_back(sqlite_house: House) -> None:
    """One call may be in flight: the next run would wait for ever if that of the failed one still were."""
    house = sqlite_house.with_settings(xero_max_concurrent=1)
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE staff RENAME TO hidden")
    with pytest.raises(OperationalError, match="no such table"):
        house.sync(Entity.STAFF)
    assert readers() == []
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO staff")
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
