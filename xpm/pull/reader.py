"""Where records are read: here or, where a sync has many to read, in another process while this one stores.

Reading costs as much as storing, and one process of Python does one thing at a time.
"""

import atexit
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, cast

from xpm.entities.row import Row
from xpm.pull.messages import packed, receive, send, widen
from xpm.pull.reading import ReadRecords, read_records
from xpm.xero.errors import XeroError
from xpm.xero.pull import Sent

WORTH_A_PROCESS = 500  # records; fewer are read before another process has started
AHEAD = 3  # batches that are begun before one is stored,
MOST_BEGUN = 6  # and with how many this process rather waits than reads another
MOST_AT_ONCE = 3  # batches that the other process has; when it has as many, this one reads, too

COMMAND = (sys.executable, "-m", "xpm.pull.reading_process")

log = logging.getLogger(__name__)


class Reader:
    """Reads the records of one sync, batch by batch. Belongs to one thread; must be closed."""

    def __init__(self) -> None:
        self._so_far = 0
        self._process: Process | None = None

    def is_ahead(self, begun: Sequence["Future[ReadRecords]"]) -> bool:
        """Whether so many batches are begun that the first should be stored: rather read another than wait for it."""
        ahead = AHEAD if self._process else 0
        return len(begun) > ahead and (begun[0].done() or len(begun) > MOST_BEGUN)

    def read(self, to_row: Row, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
        """Begin to read these; the result raises what `read_records` does."""
        self._so_far += sum(one.digest is not None for one in sent)  # without one, it was read while it arrived
        if self._so_far >= WORTH_A_PROCESS and self._process is None and (os.cpu_count() or 1) > 1:
            self._process = _spare_process() or Process()
        if self._process and sent and self._process.has_time():
            return self._process.read(to_row, sent)
        return _here(to_row, sent)

    def close(self) -> None:
        """Keep the other process, if there is one, for the next sync, or end it; what it still reads is given up."""
        process, self._process = self._process, None
        if process and process.is_idle() and not _spare:
            _spare.append(process)
        elif process:
            process.close()


_spare: list["Process"] = []
"""The process of a sync that ended well: starting one takes longer than reading many a list."""
os.register_at_fork(after_in_child=_spare.clear)


def _spare_process() -> "Process | None":
    with suppress(IndexError):  # none, or another thread was first
        process = _spare.pop()
        if process.is_idle():
            return process
        process.close()
    return None


@atexit.register
def end_spare_process() -> None:
    """End the process that waits for another sync, if there is one."""
    with suppress(IndexError):
        _spare.pop().close()


def _here(to_row: Row, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
    """Read them now; an error is raised when their turn comes, after the batches before them are stored."""
    done: Future[ReadRecords] = Future()
    try:
        done.set_result(read_records(to_row, sent))
    except XeroError as error:
        done.set_exception(error)
    return done


class Process:
    """The parent's side. One thread writes tasks and another reads results, so that neither pipe blocks the other."""

    def __init__(self) -> None:
        environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}  # and no secret of ours
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        self._in, self._out = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        widen(self._in, self._out)
        self._tasks, self._results = ThreadPoolExecutor(1, "tasks"), ThreadPoolExecutor(1, "results")
        self._ready = self._results.submit(receive, self._out)
        self._awaited: list[Future[Any]] = []
        self._closed = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def has_time(self) -> bool:
        """Whether it has started and can take another batch."""
        started = self._ready.done() and self._ready.exception() is None
        return started and self._batches() < MOST_AT_ONCE and self._process.poll() is None

    def is_idle(self) -> bool:
        """Whether it is there and has nothing to do, though it may be starting still."""
        return self._batches() == 0 and self._process.poll() is None

    def _batches(self) -> int:
        """How many it has to read."""
        self._awaited = [result for result in self._awaited if not result.done()]
        return len(self._awaited)

    def read(self, to_row: Row, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
        """Hand a batch over."""
        self._tasks.submit(send, self._in, packed((to_row, sent)))
        result = self._results.submit(self._received, to_row, sent)
        self._awaited.append(result)
        return result

    def close(self) -> None:
        """Stop it at once: it has nothing that could be lost."""
        self._closed = True
        self._process.kill()
        self._process.wait()
        for side in (self._tasks, self._results):
            side.shutdown(cancel_futures=True)
        with suppress(BrokenPipeError):  # what it had not read of its input
            self._in.close()
        self._out.close()

    def _received(self, to_row: Row, sent: Sequence[Sent[Any]]) -> ReadRecords:
        """What the process made of a batch; where it ended (somebody killed it, memory was short), nothing is lost."""
        try:
            result = receive(self._out)
        except EOFError:
            if self._closed:
                return ReadRecords()  # nobody waits for it
            log.warning("The process that reads Xero's records ended; %s records are read without it.", len(sent))
            return read_records(to_row, sent)
        if isinstance(result, XeroError):
            raise result
        return cast("ReadRecords", result)
