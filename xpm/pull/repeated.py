"""Sets records aside that one list has more than once with different contents, since nothing tells which is right."""

from collections.abc import Collection, Iterator, Set
from dataclasses import replace

from xpm.pull.batch import Batch
from xpm.pull.reading import ReadRecords
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.records.versions import version_of
from xpm.xero.records import Unreadable

DIFFERENT = "XPM sent it more than once, with different contents"


def without_different(
    batch: Batch, table: RecordTable, read: ReadRecords, earlier: Set[str], doubted: Set[str]
) -> ReadRecords:
    """The batch, with the records set aside whose contents differ within it or from an earlier batch of the list.

    `earlier` are the keys that the list had so far, and `doubted` those of them that were set aside. What an earlier
    batch stored stays: only the next sync can tell.
    """
    keys = {row.key for row in read.rows}
    again, unread = keys & earlier, keys & read.unreadable.keys()
    if len(keys) == len(read.rows) and not again and not unread:
        return read
    different = {*unread, *(again & doubted), *_different(batch, table, read.rows, again)}
    aside = {row.key: _set_aside(table, row) for row in read.rows if row.key in different}
    return replace(
        read,
        rows=[row for row in read.rows if row.key not in different],
        unreadable=read.unreadable | aside,
        partly={key: left_out for key, left_out in read.partly.items() if key not in different},
    )


def _different(batch: Batch, table: RecordTable, rows: Collection[RecordRow], again: Collection[str]) -> Iterator[str]:
    """The keys that come with several versions. What came earlier is stored by now."""
    versions = dict(batch.known(table, again)) if again else {}
    for row in rows:
        if versions.setdefault(row.key, version_of(row)) != version_of(row):
            yield row.key


def _set_aside(table: RecordTable, row: RecordRow) -> Unreadable:
    """The record without a payload: to replay one of its versions would be a guess."""
    return Unreadable(row.key, DIFFERENT, "", number=str(row.columns[table.number]) if table.number else None)
