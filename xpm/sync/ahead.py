"""Reads ahead: while one batch of records is stored, the next ones are read and parsed by a thread beside it."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice, takewhile
from threading import Event
from typing import TypeVar

T = TypeVar("T")

AHEAD = 2  # batches that wait to be stored: storing is uneven, and memory stays flat


@contextmanager
def read_ahead(records: Generator[T, None, None], size: int) -> Iterator[Iterator[list[T]]]:
    """Give the records in lists of `size`, each read before it is asked for; use it as a context.

    However the block ends, the thread has ended and `records` is closed after it, which gives an answer of Xero's back
    that was not read to its end. The thread stops at the next record that arrives. What reading raises is raised where
    the batch would have come, after all batches before it.
    """
    over = Event()
    wanted = takewhile(lambda _: not over.is_set(), records)

    def batch() -> list[T]:
        return list(islice(wanted, size))

    def batches() -> Iterator[list[T]]:
        while arrived := coming.popleft().result():
            coming.append(reader.submit(batch))
            yield arrived

    with closing(records), ThreadPoolExecutor(1, "read-ahead") as reader:
        coming = deque(reader.submit(batch) for _ in range(AHEAD))
        try:
            yield batches()
        finally:
            over.set()
