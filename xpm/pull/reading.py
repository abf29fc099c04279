"""Turns records as XPM sent them into rows of the store, in this process or in one that `xpm.pull.reader` starts."""

import gc
import pickle
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from xpm.entities.row import RowShape
from xpm.store.records.rows import RecordRow
from xpm.xero.errors import XeroError
from xpm.xero.models import XpmRecord
from xpm.xero.records import PartlyRead, Sent, Unreadable
from xpm.xero.xml.record import read_each

M = TypeVar("M", bound=XpmRecord)

READY = "ready"
"""Sent once by a reading process, when it has imported everything."""


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """What a batch holds: rows, unreadable records by key or payload, and counts of unmodelled elements by path.

    `partly` has, by key, what was left out of records that have rows; `replaced` names where text was replaced.
    """

    rows: list[RecordRow] = field(default_factory=list)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    partly: dict[str, Unreadable] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)


def read_records(to_row: RowShape, sent: Sequence[Sent[M]]) -> ReadRecords:
    """Read a batch. A record that cannot be read stops no other."""
    done = ReadRecords()
    for one, record in zip(sent, read_each(sent, done.unknown), strict=True):
        if isinstance(record, Unreadable):
            done.unreadable[record.key or record.payload] = record
        elif isinstance(record, PartlyRead):
            row = to_row(record.record, one.digest, record.left_out)
            done.rows.append(row)
            done.replaced.extend(f"{row.key} ({part})" for part in record.replaced)
            if record.left_out:
                done.partly[row.key] = Unreadable(row.key, record.reason, record.payload, record.parts)
        else:
            done.rows.append(to_row(record, one.digest))
    return done


def serve(tasks: int, results: int) -> None:
    """Read batches from the file descriptor `tasks` and write the results to `results`, until the input ends.

    The process has no token, no key and no database access, so an attack through XML finds nothing there.
    """
    gc.freeze()
    gc.disable()  # records form no cycles
    source, target = Connection(tasks, writable=False), Connection(results, readable=False)
    target.send_bytes(pickle.dumps(READY))
    with suppress(EOFError, OSError):  # the parent process has ended
        while True:
            to_row, sent = pickle.loads(source.recv_bytes())  # noqa: S301 - from the process that started this one
            target.send_bytes(pickle.dumps(_read(to_row, sent), pickle.HIGHEST_PROTOCOL))


def _read(to_row: RowShape, sent: Sequence[Sent[Any]]) -> ReadRecords | XeroError:
    try:
        return read_records(to_row, sent)
    except XeroError as error:
        return error
