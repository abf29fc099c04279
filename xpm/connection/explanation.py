"""What an error of Xero's means to an administrator."""

from xpm.words import Message, message
from xpm.xero.errors import (
    ConsentNeeded,
    DayLimit,
    MisconfiguredApp,
    RateLimited,
    ScopeMissing,
    XeroError,
    XeroUnavailable,
)


def explain(error: XeroError, what: str) -> Message:
    """The sentence for an error that came up while `what` was done, such as "Jobs" being synchronised."""
    if isinstance(error, MisconfiguredApp):
        return message("consent.app_misconfigured", reason=error.message)
    if isinstance(error, ConsentNeeded):
        return message("connection.authentication_failed")
    if isinstance(error, ScopeMissing):
        return message("preflight.scopes_missing", missing=error.endpoint or "a part of Xero Practice Manager")
    if isinstance(error, RateLimited):
        return _limited(error, what)
    if isinstance(error, XeroUnavailable):
        return message("sync.unavailable", entity=what, reason=error.message)
    return message("sync.failed", entity=what, reason=error.message)


def _limited(error: RateLimited, what: str) -> Message:
    if not isinstance(error, DayLimit):
        return message("sync.rate_limited_shortly", entity=what, reason=error.message)
    resumes_at = f"{error.resumes_at:%d %B %H:%M} UTC" if error.resumes_at else "midnight"
    return message("sync.rate_limited", entity=what, reason=error.message, resumes_at=resumes_at)
