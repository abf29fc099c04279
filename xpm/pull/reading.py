"""Turns records as XPM sent them into rows of the store; what cannot be read is told apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from xpm.entities.row import Row
from xpm.store.records.rows import RecordRow
from xpm.xero.models import XpmRecord
from xpm.xero.pull import Sent, Unreadable
from xpm.xero.xml.record import read_each

M = TypeVar("M", bound=XpmRecord)


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """What a batch says: its rows, what could not be read by key or payload, and elements no model names by path."""

    rows: list[RecordRow] = field(default_factory=list)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


def read_records(to_row: Row, sent: Sequence[Sent[M]]) -> ReadRecords:
    """Read a batch. Raises UnreadableAnswer where a record is not well-formed XML: then the answer is not."""
    done = ReadRecords()
    for one, record in zip(sent, read_each(sent, done.unknown), strict=True):
        if isinstance(record, Unreadable):
            done.unreadable[record.key or record.payload] = record
        else:
            done.rows.append(to_row(record, one.digest))
    return done
