"""Xero's errors, explained to an administrator."""

from xpm.words import Message, message
from xpm.words.moments import UTC, day_in
from xpm.xero.errors import (
    ConsentNeeded,
    DayLimit,
    MisconfiguredApp,
    RateLimited,
    ScopeMissing,
    XeroError,
    XeroUnavailable,
)


def explain(error: XeroError, what: str, zone: str = UTC) -> Message:
    """Explain an error that stopped the sync of `what`, for example "Jobs", with times by the practice's clock."""
    if isinstance(error, MisconfiguredApp):
        return message("consent.app_misconfigured", reason=error.message)
    if isinstance(error, ConsentNeeded):
        return message("connection.authentication_failed")
    if isinstance(error, ScopeMissing):
        return message("preflight.scopes_missing", missing=error.endpoint or "a part of Xero Practice Manager")
    if isinstance(error, RateLimited):
        return _limited(error, what, zone)
    if isinstance(error, XeroUnavailable):
        return message("sync.unavailable", entity=what, reason=_with_tries(error))
    return message("sync.failed", entity=what, reason=_with_tries(error))


def _with_tries(error: XeroError) -> str:
    """The error's own sentence, and how often the call was tried if more than once."""
    if error.tries is None or error.tries == 1:
        return error.message
    return f"{error.message} {message('sync.tried', tries=error.tries).text}"


def explain_reconnect(error: XeroError, practice: str, zone: str = UTC) -> Message:
    """Explain an error that ended a reconnect before anything was changed; `practice` is the practice's name."""
    if isinstance(error, MisconfiguredApp | ScopeMissing):
        return explain(error, practice)
    if isinstance(error, ConsentNeeded):
        return message("reconnect.access_ended", practice=practice)
    if isinstance(error, DayLimit):
        return message("reconnect.rate_limited", practice=practice, again_at=_again_at(error, zone))
    return message("reconnect.xero_failed", practice=practice, reason=error.message)


def _limited(error: RateLimited, what: str, zone: str) -> Message:
    if not isinstance(error, DayLimit):
        return message("sync.rate_limited_shortly", entity=what, reason=error.message)
    return message("sync.rate_limited", entity=what, reason=error.message, resumes_at=_again_at(error, zone))


def _again_at(limit: DayLimit, zone: str) -> str:
    return day_in(limit.resumes_at, zone) if limit.resumes_at else "midnight"
