"""Reads records in this process or, if a pull has many, in another process while this one stores.

Reading costs as much as storing, and one Python process does only one thing at a time.
"""

import atexit
import fcntl
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, cast

from xpm.entities.row import RowShape
from xpm.pull.reading import ReadRecords, read_records
from xpm.xero.errors import XeroError
from xpm.xero.records import Sent

WORTH_A_PROCESS = 500  # records; this process reads fewer before another one has started
AHEAD = 3  # batches begun before the first of them is stored
MOST_BEGUN = 6  # with more batches begun, this process waits for the first instead of beginning another
MOST_AT_ONCE = 3  # batches that the other process holds; this process reads the next one itself

PIPE_BYTES = 1024 * 1024  # about one batch; the most that Linux allows an ordinary user
SERVE = "import sys; from xpm.pull.reading import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"

log = logging.getLogger(__name__)


class Reader:
    """Reads the records of one pull, batch by batch. Belongs to one thread; close it after use."""

    def __init__(self) -> None:
        self._so_far = 0
        self._process: Process | None = None

    def is_ahead(self, begun: Sequence["Future[ReadRecords]"]) -> bool:
        """Whether enough batches are begun to store the first. If it is still being read, begin another instead."""
        ahead = AHEAD if self._process else 0
        return len(begun) > ahead and (begun[0].done() or len(begun) > MOST_BEGUN)

    def read(self, to_row: RowShape, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
        """Begin to read a batch. The future raises what `read_records` raises."""
        self._so_far += sum(one.digest is not None for one in sent)  # records without a digest are read already
        if self._so_far >= WORTH_A_PROCESS and self._process is None and (os.cpu_count() or 1) > 1:
            self._process = _spare_process() or Process()
        if self._process and sent and self._process.has_time():
            return self._process.read(to_row, sent)
        return _read_here(to_row, sent)

    def close(self) -> None:
        """Keep the other process for the next pull if it is idle; otherwise kill it."""
        process, self._process = self._process, None
        if process and process.is_idle() and not _spare:
            _spare.append(process)
        elif process:
            process.close()


_spare: list["Process"] = []
"""The process of an earlier pull. Starting a process takes longer than reading a short list."""
os.register_at_fork(after_in_child=_spare.clear)


def _spare_process() -> "Process | None":
    with suppress(IndexError):  # there is none, or another thread took it
        process = _spare.pop()
        if process.is_idle():
            return process
        process.close()
    return None


@atexit.register
def end_spare_process() -> None:
    """Kill the process that waits for another pull, if there is one."""
    with suppress(IndexError):
        _spare.pop().close()


def _read_here(to_row: RowShape, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
    """Read now, in this process. The future holds an error back until the earlier batches are stored."""
    done: Future[ReadRecords] = Future()
    try:
        done.set_result(read_records(to_row, sent))
    except XeroError as error:
        done.set_exception(error)
    return done


class Process:
    """A process that reads records. One thread writes tasks and one reads results, so neither pipe blocks the other.

    Its environment holds only the import path, and so none of our secrets.
    """

    def __init__(self) -> None:
        theirs_in, self._in = Pipe(duplex=False)
        self._out, theirs_out = Pipe(duplex=False)
        handed_over = (theirs_in.fileno(), theirs_out.fileno())
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            (sys.executable, "-c", SERVE, *map(str, handed_over)),
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            pass_fds=handed_over,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs_in.close()
        theirs_out.close()
        for pipe in (self._in, self._out):
            _widen(pipe)
        self._tasks, self._results = ThreadPoolExecutor(1, "tasks"), ThreadPoolExecutor(1, "results")
        self._ready = self._results.submit(self._receive)
        self._awaited: list[Future[Any]] = []
        self._closed = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def has_time(self) -> bool:
        """Whether the process has started and can take another batch."""
        started = self._ready.done() and self._ready.exception() is None
        return started and self._batches() < MOST_AT_ONCE and self._process.poll() is None

    def is_idle(self) -> bool:
        """Whether the process is alive and holds no batch. It may still be starting."""
        return self._batches() == 0 and self._process.poll() is None

    def read(self, to_row: RowShape, sent: Sequence[Sent[Any]]) -> "Future[ReadRecords]":
        """Hand a batch to the process."""
        self._tasks.submit(self._in.send_bytes, pickle.dumps((to_row, sent), pickle.HIGHEST_PROTOCOL))
        result = self._results.submit(self._received, to_row, sent)
        self._awaited.append(result)
        return result

    def close(self) -> None:
        """Kill the process: it holds nothing that could be lost."""
        self._closed = True
        self._process.kill()
        self._process.wait()
        for side in (self._tasks, self._results):
            side.shutdown(cancel_futures=True)
        for pipe in (self._in, self._out):
            pipe.close()

    def _batches(self) -> int:
        self._awaited = [result for result in self._awaited if not result.done()]
        return len(self._awaited)

    def _receive(self) -> object:
        return pickle.loads(self._out.recv_bytes())  # noqa: S301 - from the process we started

    def _received(self, to_row: RowShape, sent: Sequence[Sent[Any]]) -> ReadRecords:
        """The result of a batch. If the process was killed, the batch is read here and nothing is lost."""
        try:
            result = self._receive()
        except (EOFError, OSError):
            if self._closed:
                return ReadRecords()  # nobody waits for the result
            log.warning("The process that reads Xero's records has ended. Reading %s records without it.", len(sent))
            return read_records(to_row, sent)
        if isinstance(result, XeroError):
            raise result
        return cast("ReadRecords", result)


def _widen(pipe: Connection) -> None:
    """Let a pipe hold about one batch, so that one process can write while the other works."""
    with suppress(OSError, AttributeError):  # above this user's limit, or the system's pipes have a fixed size
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
