"""Processes of their own for tests: forked from one that has imported the library and holds nothing open.

A process that imports all of it anew takes a second to start. `tests/readied.py` says what is ready.
"""

import multiprocessing as mp
import signal
from collections.abc import Callable

FORKED = mp.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.readied"])


def is_killed(work: Callable[..., None], *given: object) -> bool:
    """Let a process do the work. True if it was killed (SIGKILL) meanwhile; false if it finished."""
    worker = FORKED.Process(target=work, args=given)
    worker.start()
    worker.join(60)
    assert worker.exitcode in {-signal.SIGKILL, 0}, worker.exitcode
    return worker.exitcode == -signal.SIGKILL
