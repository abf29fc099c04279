"""How many calls to Xero it takes to bring edits to XPM."""

from collections.abc import Collection, Iterable

from xpm.entities.pushed import Route
from xpm.push.asks import RecordEdit

READ, WRITE, READ_BACK = 1, 1, 1

_OF_RECORD = (Route.DETAILS, Route.ASSIGNMENT, Route.STATE)


def calls_of(routes: Collection[Route], times: int = 0) -> int:
    """The calls for one record whose edits go these ways, with this many time entries.

    The record is read once, and each way is one call. XPM answers a change of a job's state, and of custom fields,
    without the record, so these are read back. Each time entry is looked for before it is sent.
    """
    own = [route for route in _OF_RECORD if route in routes]
    calls = (READ + WRITE * len(own)) if own else 0
    calls += READ_BACK if Route.STATE in own else 0
    calls += (READ + WRITE + READ_BACK) if Route.VALUES in routes else 0
    return calls + times * (READ + WRITE)


def estimate(edits: Iterable[RecordEdit]) -> int:
    """The calls for all of these."""
    return sum(calls_of({change.route for change in edit.changes}) for edit in edits)
