"""Everything that can go wrong between us and Xero, as one tree.

    XeroError
     ├── ConsentNeeded          the refresh token is dead, or a fresh access token is refused: somebody must reconnect
     ├── MisconfiguredApp       client id, secret, grant or scopes are refused: whoever runs the app repairs it
     ├── ScopeMissing           the consent or the app's tier does not cover this end-point
     ├── AccessLost             403: the practice is disconnected, or the person lost the privilege; /connections tells
     ├── Blocked                403 by something that stands before Xero's API: it says nothing about the connection
     ├── RateLimited            429
     │    ├── MinuteLimit       60 calls a minute, for a tenant
     │    ├── ConcurrentLimit   5 calls in flight, for a tenant
     │    ├── AppMinuteLimit    10,000 calls a minute over all tenants
     │    └── DayLimit          the day's allowance of a tenant
     ├── XeroUnavailable        5xx, time-out or connection trouble, after our own retries
     │    └── AnswerLost        … and the request may have been carried out
     ├── Refused                Xero understood and said no (400, 409, or 200 with Status ERROR)
     │    └── NotFound          … because there is no such record
     ├── UnreadableAnswer       truncated, not XML, or without the element that was asked for: never "no records"
     ├── CallbackRefused        what came back from the consent page cannot be trusted
     └── ConsentDeclined        the person pressed Cancel: an answer, not an alarm

What to do about an error is its `remedy`; sentences for people live in the words catalogue. No error carries a token, a
code, a secret or a URL with a query.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self


class Remedy(StrEnum):
    """What helps against an error; callers branch on this and not on the text."""

    RECONSENT = "reconsent"
    START_AGAIN = "start_again"  # the consent can simply be repeated
    FIX_APP = "fix_app"
    WAIT = "wait"
    TRY_LATER = "try_later"
    CHECK_CONNECTION = "check_connection"
    LOOK_AT_RECORD = "look_at_record"
    GIVE_UP = "give_up"  # repeating the same call gives the same answer


class XeroError(Exception):
    """Root of the tree.

    `endpoint` is the label of the end-point table, `status` the HTTP status if there was an answer, `correlation_id`
    Xero's header `xero-correlation-id`, which Xero's support asks for.
    """

    remedy: ClassVar[Remedy] = Remedy.GIVE_UP

    def __init__(
        self,
        message: str,
        *,
        endpoint: str | None = None,
        status: int | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.endpoint = endpoint
        self.status = status
        self.correlation_id = correlation_id

    def __repr__(self) -> str:
        facts = [repr(self.message)]
        facts += [f"{name}={value!r}" for name, value in vars(self).items() if value is not None and name != "message"]
        return f"{type(self).__name__}({', '.join(facts)})"

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect carries errors between processes by pickle, which by itself would call __init__ without its keywords.
        return _rebuilt, (type(self), self.args, dict(vars(self)))

    @classmethod
    def _rebuild(cls, args: tuple[object, ...], facts: dict[str, object]) -> Self:
        error = cls.__new__(cls, *args)
        error.__dict__.update(facts)
        return error


def _rebuilt(cls: type[XeroError], args: tuple[object, ...], facts: dict[str, object]) -> XeroError:
    return cls._rebuild(args, facts)


class ConsentNeeded(XeroError):
    """Only a new consent helps: `invalid_grant`, or 401 again with a token that was renewed a moment ago."""

    remedy = Remedy.RECONSENT


class MisconfiguredApp(XeroError):
    """Xero refuses the app itself: `invalid_client`, `unauthorized_client`, `invalid_scope`, `unsupported_grant_type`.

    It concerns every practice at once and leaves the stored tokens good.
    """

    remedy = Remedy.FIX_APP


class ScopeMissing(XeroError):
    """401 `AuthorizationUnsuccessful`: the consent's scopes or the app's commercial tier do not cover the end-point."""

    remedy = Remedy.FIX_APP


class AccessLost(XeroError):
    """403: `/connections` tells whether the practice was disconnected or the person lost the privilege."""

    remedy = Remedy.CHECK_CONNECTION


class Blocked(XeroError):
    """403 with a page for people where XPM would say why: a firewall did not let the call through, whoever made it."""


class RateLimited(XeroError):
    """429. `resumes_at` is when calls are welcome again, as far as Xero says so (minute and day limits only)."""

    remedy = Remedy.WAIT

    def __init__(
        self,
        message: str,
        *,
        resumes_at: datetime | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint, status=status, correlation_id=correlation_id)
        self.resumes_at = resumes_at


class MinuteLimit(RateLimited):
    """The tenant's calls of this minute are used up."""


class ConcurrentLimit(RateLimited):
    """Too many calls of this tenant are in flight."""


class AppMinuteLimit(RateLimited):
    """The app's calls of this minute, over all tenants, are used up."""


class DayLimit(RateLimited):
    """The tenant's calls of this day are used up; the work is parked, nobody sleeps until then."""


class XeroUnavailable(XeroError):
    """Xero cannot answer now: 5xx, time-out or connection trouble, after our own retries."""

    remedy = Remedy.TRY_LATER


class AnswerLost(XeroUnavailable):
    """The request was sent and no whole answer came back: it may have been carried out."""


class Refused(XeroError):
    """Xero understood the request and declined it; `description` is Xero's own sentence, if there was one."""

    def __init__(
        self,
        message: str,
        *,
        description: str | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint, status=status, correlation_id=correlation_id)
        self.description = description


class NotFound(Refused):
    """There is no such record (404, or 200 with an `Invalid … identifier` text)."""

    remedy = Remedy.LOOK_AT_RECORD


class UnreadableAnswer(XeroError):
    """The answer is no complete document with the element that was asked for. It never means "no records"."""

    remedy = Remedy.TRY_LATER


class CallbackReason(StrEnum):
    """Why a callback from the consent page is not trusted."""

    STATE = "state"  # RFC 6749 §10.12
    CODE = "code"  # RFC 6749 §4.1.2
    SERVER_ERROR = "server_error"  # RFC 6749 §4.1.2.1, any error but access_denied
    ISSUER = "issuer"  # RFC 9207 §2.4, OpenID Connect Core §3.1.3.7 (2)
    AUDIENCE = "audience"  # (3)-(5)
    SIGNATURE = "signature"  # (6)-(8)
    EXPIRED = "expired"  # (9)-(10)
    NONCE = "nonce"  # (11)
    ACCESS_TOKEN_HASH = "at_hash"  # noqa: S105  OpenID Connect Core §3.1.3.8, the name of a claim
    IDENTITY = "identity"  # the id_token is missing, malformed or names nobody


class CallbackRefused(XeroError):
    """What came back from the consent page cannot be trusted; nothing of it is used."""

    remedy = Remedy.START_AGAIN

    def __init__(
        self,
        message: str,
        *,
        reason: CallbackReason,
        endpoint: str | None = None,
        status: int | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint, status=status, correlation_id=correlation_id)
        self.reason = reason


class ConsentDeclined(XeroError):
    """The person pressed Cancel on the consent page (RFC 6749 §4.1.2.1 `access_denied`)."""

    remedy = Remedy.START_AGAIN
