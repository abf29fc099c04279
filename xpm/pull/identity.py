"""Tells which stored record each record of a batch is, where XPM may leave its UUID out.

A record with a UUID is that record, whatever its number. One without is the only current record that has its number, or
a new one. If several have the number, nothing tells which it is, and it is set aside.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from xpm.entities.row import known_as
from xpm.pull.batch import Batch
from xpm.pull.reading import ReadRecords
from xpm.store.records.identity import Known
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.xero.records import Unreadable

SEVERAL = "XPM left its UUID out, and FYI has several with this number"


def identified(batch: Batch, table: RecordTable, read: ReadRecords) -> tuple[ReadRecords, Mapping[str, str]]:
    """Give each record of the batch the key under which FYI stores it, or will.

    Also returns the records that were stored by number until XPM gave their UUID now: their new keys, by number.
    """
    if table.number is None:
        return read, {}
    uuids = _stored_by_number(batch, table, read.rows)
    keys = batch.rekey(table, uuids)
    kept = {uuid: keys[number] for number, uuid in uuids.items() if keys[number] != uuid}
    rows = [known_as(row, kept[row.key]) if row.key in kept else row for row in read.rows]
    found = _found_by_number(batch, table, replace(read, rows=rows, partly=_renamed(read.partly, kept)))
    return found, {number: key for number, key in keys.items() if key != number}


def _stored_by_number(batch: Batch, table: RecordTable, rows: Sequence[RecordRow]) -> Mapping[str, str]:
    """The UUIDs of the records that are stored without one so far, by number."""
    given = {str(row.columns[table.number or ""]): row.key for row in rows if row.columns["uuid"]}
    by_number = batch.known(table, given)
    if not by_number:
        return {}
    known = batch.known(table, given.values())
    new = {number: given[number] for number in by_number if given[number] not in known}
    return {one.key: new[one.key] for one in batch.numbered(table, new) if one.uuid is None and one.key in new}


def _found_by_number(batch: Batch, table: RecordTable, read: ReadRecords) -> ReadRecords:
    """Find the records that XPM sent without a UUID. Their keys are their numbers so far."""
    numbers = {row.key for row in read.rows if not row.columns["uuid"]}
    numbers |= {one.key for one in read.unreadable.values() if one.key is not None and one.number is None}
    if not numbers:
        return read
    stored = _by_number(batch.numbered(table, numbers))
    known = {number: mine[0].key for number, mine in stored.items() if len(mine) == 1 and number in numbers}
    done = replace(read, rows=[], unreadable={}, partly=_renamed(read.partly, known))
    for row in read.rows:
        mine = () if row.columns["uuid"] else stored.get(row.key, ())
        if len(mine) > 1:
            done.unreadable[row.key] = Unreadable(row.key, SEVERAL, "")
        else:
            done.rows.append(known_as(row, mine[0].key, uuid=mine[0].uuid) if mine else row)
    for place, one in read.unreadable.items():
        mine = stored.get(one.key, ()) if one.key is not None and one.number is None else ()
        named = replace(one, key=mine[0].key, number=one.key) if len(mine) == 1 else one
        done.unreadable[named.key or place] = named
    return done


def _renamed(partly: Mapping[str, Unreadable], keys: Mapping[str, str]) -> dict[str, Unreadable]:
    """What was left out of records, by the keys under which FYI stores them."""
    return {keys.get(key, key): replace(left_out, key=keys.get(key, key)) for key, left_out in partly.items()}


def _by_number(found: Collection[Known]) -> Mapping[str, Sequence[Known]]:
    """The records that have each number now; those that had it when they were archived only if no current one has."""
    current = {one.number for one in found if one.is_current}
    by_number: dict[str, list[Known]] = {}
    for one in found:
        if one.is_current or one.number not in current:
            by_number.setdefault(one.number, []).append(one)
    return by_number
