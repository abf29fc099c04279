"""Tells errors of a single record from errors of Xero itself, where each record costs a call.

One bad record must not stop the others.
"""

from collections.abc import Iterable
from http import HTTPStatus

from xpm.xero.errors import AccessLost, Refused, UnreadableAnswer, XeroError, XeroUnavailable
from xpm.xero.records import Unreadable

FAILED_TOLERATED = 3
"""Failed records before Xero itself is suspected; a call for one more record then decides. Records that failed before
are asked for first, so that they come together."""


def set_apart(key: str, error: XeroError) -> Unreadable:
    """The record whose call ended in this error, without a payload.

    A 500 or a refusal may concern this record only (its identifier may be bad, or this login may not see it). Then it
    repeats every time.

    Raises:
        XeroError: this error, if it cannot concern a single record.
    """
    if isinstance(error, UnreadableAnswer) or _is_failure(error):
        return Unreadable(key, error.message, "")
    raise error


def are_too_many(errors: Iterable[XeroError]) -> bool:
    """Whether so many calls failed that Xero itself may be the reason. An unreadable answer is not a failed call."""
    return sum(_is_failure(error) for error in errors) > FAILED_TOLERATED


def _is_failure(error: XeroError) -> bool:
    if isinstance(error, XeroUnavailable):
        return error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, Refused | AccessLost)
