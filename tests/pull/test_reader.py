"""If a sync has many records, another process reads them while this one stores: same result, no less safe."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.pull.breaking.indoors import Indoors, indoors
from tests.pull.breaking.test_sequences import run_days
from tests.pull.house import House
from xpm.entities import staff as staff_entity
from xpm.entities.names import Entity
from xpm.pull import arriving, reader
from xpm.pull.reader import Process, Reader
from xpm.pull.reading import read_records
from xpm.store.engine.database import Database
from xpm.xero.endpoints import STAFF
from xpm.xero.models import Staff
from xpm.xero.records import Sent
from xpm.xero.xml.record import sent

PATIENCE = 60  # seconds until another process has started on a busy machine


def staff(*names: str) -> list[Sent[Staff]]:
    """Staff members as Xero sends them."""
    return [sent(STAFF, f"<Staff><UUID>{name}</UUID><Name>{name}</Name><Odd/></Staff>".encode()) for name in names]


@pytest.fixture
def process() -> Iterator[Process]:
    """Another process that has started."""
    with closing(Process()) as process:
        until = time.monotonic() + PATIENCE
        while not process.has_time():
            assert time.monotonic() < until, "It does not start."
            time.sleep(0.01)
        yield process


def test_another_process_reads_what_this_one_would_have_read(process: Process) -> None:
    batches = [staff("ana", "ben"), staff("cleo"), [sent(STAFF, b"<Staff><Name>no key</Name></Staff>")]]
    reading = [process.read(staff_entity.STAFF.main.row, batch) for batch in batches]
    assert [one.result() for one in reading] == [read_records(staff_entity.STAFF.main.row, batch) for batch in batches]
    assert reading[0].result().unknown == {"Staff/Odd": 2}


def test_a_record_that_is_not_well_formed_is_set_aside_there_too(process: Process) -> None:
    read = process.read(staff_entity.STAFF.main.row, [sent(STAFF, b"<Staff><UUID></Staff>"), *staff("ana")]).result()
    assert [row.key for row in read.rows] == ["ana"]
    assert len(read.unreadable) == 1


def test_the_other_process_knows_no_secret(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    assert {one.split(b"=")[0] for one in environment if one} <= {b"PYTHONPATH"}


def test_the_other_process_ends_with_the_sync_even_in_the_middle_of_its_work() -> None:
    process = Process()
    process.read(staff_entity.STAFF.main.row, staff(*map(str, range(2_000))))
    process.close()
    assert not Path(f"/proc/{process.pid}").exists()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every record worth another process, and batches small."""
    monkeypatch.setattr(reader, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(arriving, "BATCH", 3)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make readers wait until their process has started, and record its id. No process is left from earlier tests."""
    reader.end_spare_process()
    started: list[int] = []

    class Patient(Process):
        def __init__(self) -> None:
            super().__init__()
            self._ready.result(PATIENCE)
            started.append(self.pid)

    monkeypatch.setattr(reader, "Process", Patient)
    return started


@pytest.mark.usefixtures("eager")
def test_nothing_is_lost_when_the_other_process_is_killed(waiting: list[int], caplog: pytest.LogCaptureFixture) -> None:
    with closing(Reader()) as reading:
        first = reading.read(staff_entity.STAFF.main.row, staff("ana"))
        assert [row.key for row in first.result().rows] == ["ana"]
        os.kill(waiting[0], signal.SIGSTOP)
        second = reading.read(staff_entity.STAFF.main.row, staff("ben"))
        os.kill(waiting[0], signal.SIGKILL)
        assert [row.key for row in second.result().rows] == ["ben"]
        assert [row.key for row in reading.read(staff_entity.STAFF.main.row, staff("cleo")).result().rows] == ["cleo"]
    assert "without it" in caplog.text


@pytest.mark.usefixtures("eager")
def test_the_next_sync_uses_the_process_of_the_earlier_one(waiting: list[int]) -> None:
    for name in ("ana", "ben"):
        with closing(Reader()) as reading:
            assert [row.key for row in reading.read(staff_entity.STAFF.main.row, staff(name)).result().rows] == [name]
    assert len(waiting) == 1
    reader.end_spare_process()
    assert not Path(f"/proc/{waiting[0]}").exists()


@pytest.mark.usefixtures("eager")
def test_a_process_that_a_short_sync_did_not_need_keeps_starting_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader.end_spare_process()
    started: list[Process] = []

    class Noted(Process):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(reader, "Process", Noted)
    for name in ("ana", "ben"):
        with closing(Reader()) as reading:
            assert [row.key for row in reading.read(staff_entity.STAFF.main.row, staff(name)).result().rows] == [name]
    assert len(started) == 1
    reader.end_spare_process()


@pytest.mark.usefixtures("eager")
def test_a_process_that_was_killed_or_is_still_reading_is_not_used_again(waiting: list[int]) -> None:
    with closing(Reader()) as reading:
        reading.read(staff_entity.STAFF.main.row, staff("ana")).result()
    os.kill(waiting[0], signal.SIGKILL)
    os.waitid(os.P_PID, waiting[0], os.WEXITED | os.WNOWAIT)
    with closing(Reader()) as reading:
        reading.read(staff_entity.STAFF.main.row, staff(*map(str, range(2_000))))
    with closing(Reader()) as reading:
        assert [row.key for row in reading.read(staff_entity.STAFF.main.row, staff("ben")).result().rows] == ["ben"]
    assert len(set(waiting)) == 3


@pytest.mark.usefixtures("eager")
def test_a_sync_with_two_processes_stores_what_xpm_has(house: House, waiting: list[int]) -> None:
    house.sync_everything()
    assert waiting
    assert house.active("job", "number") == {job["ID"] for job in house.truth(Entity.JOBS)}
    unchanged = house.sync(Entity.JOBS)
    assert (unchanged.added, unchanged.changed) == (0, 0)


@pytest.fixture
def unplugged(database: Database) -> Iterator[Indoors]:
    """A connected practice whose Xero can misbehave."""
    with indoors(database) as house:
        yield house


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_edits_faults_and_syncs_ends_well_with_two_processes(
    unplugged: Indoors, waiting: list[int], seed: int
) -> None:
    run_days(unplugged, Random(seed), seed)
    assert waiting
