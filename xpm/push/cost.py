"""How many calls to Xero it takes to bring edits to XPM."""

from collections.abc import Collection, Iterable

from xpm.entities.pushed import Channel
from xpm.push.asks import RecordEdit

READ, WRITE, READ_BACK = 1, 1, 1

_OF_RECORD = (Channel.DETAILS, Channel.ASSIGNMENT, Channel.STATE)


def calls_of(channels: Collection[Channel], times: int = 0) -> int:
    """The calls for one record whose edits go these ways, with this many time entries.

    The record is read once, and each way is one call. XPM answers a change of a job's state, and of custom fields,
    without the record, so these are read back. Each time entry is looked for before it is sent.
    """
    own = [channel for channel in _OF_RECORD if channel in channels]
    calls = (READ + WRITE * len(own)) if own else 0
    calls += READ_BACK if Channel.STATE in own else 0
    calls += (READ + WRITE + READ_BACK) if Channel.VALUES in channels else 0
    return calls + times * (READ + WRITE)


def estimate(edits: Iterable[RecordEdit]) -> int:
    """The calls for all of these."""
    return sum(calls_of({change.channel for change in edit.changes}) for edit in edits)
