"""What may be wrong with one record alone, where each record costs a call: it must stop no other."""

from collections.abc import Iterable
from http import HTTPStatus

from xpm.xero.errors import Refused, UnreadableAnswer, XeroError, XeroUnavailable
from xpm.xero.records import Unreadable

FAILED_TOLERATED = 3
"""Records for which Xero fails: with more, Xero itself may be the reason, which one more record tells. Those for which
it failed before are asked for first, so that they come together."""


def set_apart(key: str, error: XeroError) -> Unreadable:
    """The record whose call ended by this error, with nothing kept of it.

    A 500 or a refusal may be this record's alone (it may mean a bad identifier), and then is so every time.

    Raises:
        XeroError: this error, where it is no single record's.
    """
    if isinstance(error, UnreadableAnswer) or _is_failure(error):
        return Unreadable(key, error.message, "")
    raise error


def are_too_many(errors: Iterable[XeroError]) -> bool:
    """Whether Xero fails for so many records that it may be the reason itself; what it did answer is no failure."""
    return sum(_is_failure(error) for error in errors) > FAILED_TOLERATED


def _is_failure(error: XeroError) -> bool:
    if isinstance(error, XeroUnavailable):
        return error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, Refused)
