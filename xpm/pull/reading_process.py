"""A process that reads records, for `xpm.pull.reader`: `python -m xpm.pull.reading_process`.

It answers each task on its input by a result on its output, both pickled, and ends when its input does. It is given no
token, no key and no way to the database: what Xero sends is looked at where there is nothing to find.
"""

import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from xpm.entities.row import Row
from xpm.pull.messages import packed, receive, send
from xpm.pull.reading import ReadRecords, read_records
from xpm.xero.errors import XeroError
from xpm.xero.pull import Sent

READY = "ready"
"""Said once, when everything is imported."""


def main() -> None:
    """Serve until the input ends."""
    gc.freeze()
    gc.disable()  # what is read forms no cycles
    send(sys.stdout.buffer, packed(READY))
    with suppress(EOFError, BrokenPipeError):  # the process that asks has ended
        while True:
            send(sys.stdout.buffer, packed(_read(*receive(sys.stdin.buffer))))


def _read(to_row: Row, sent: Sequence[Sent[Any]]) -> ReadRecords | XeroError:
    try:
        return read_records(to_row, sent)
    except XeroError as error:
        return error


if __name__ == "__main__":
    main()
