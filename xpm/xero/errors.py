"""Everything that can go wrong with Xero, as one tree.

    XeroError
     ├── ConsentNeeded          the refresh token is dead, or a new access token is refused: someone must reconnect
     ├── MisconfiguredApp       Xero refuses client id, secret, grant or scopes: the operator must fix the app
     ├── ScopeMissing           the consent or the app's tier does not cover this endpoint
     ├── AccessLost             403: the account is disconnected, or the person lost the privilege; see /connections
     ├── Blocked                403 by something in front of Xero's API; it says nothing about the connection
     ├── RateLimited            429
     │    ├── MinuteLimit       60 calls per minute and tenant
     │    ├── ConcurrentLimit   5 calls in flight per tenant
     │    ├── AppMinuteLimit    10,000 calls per minute over all tenants
     │    └── DayLimit          the tenant's allowance of the day
     ├── XeroUnavailable        5xx, time-out or connection error, after our own retries
     │    ├── NotSent           … and the request certainly never reached Xero
     │    └── AnswerLost        … and Xero may have done the work
     ├── Refused                Xero understood and refused (400, or 200 with Status ERROR)
     │    ├── StateConflict     … because the record changed meanwhile (409)
     │    └── NotFound          … because nothing is there (404, or a bad identifier)
     │         └── RecordGone   … and XPM itself says so of the very record that was asked for
     ├── UnreadableAnswer       truncated, not XML, or without the expected element: never "no records"
     ├── CallbackRefused        the callback from the consent page cannot be trusted
     └── ConsentDeclined        the person pressed Cancel: an answer, not an alarm

An error's `remedy` says what to do. The sentences for people are in the words catalogue. No error contains a token, a
code, a secret or a URL with a query.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self


class Remedy(StrEnum):
    """What helps against an error. Callers branch on this, not on the message."""

    RECONSENT = "reconsent"
    START_AGAIN = "start_again"  # just repeat the consent
    FIX_APP = "fix_app"
    WAIT = "wait"
    TRY_LATER = "try_later"
    CHECK_CONNECTION = "check_connection"
    LOOK_AT_RECORD = "look_at_record"
    GIVE_UP = "give_up"  # repeating the same call gives the same answer


class XeroError(Exception):
    """Root of the tree.

    `endpoint` is the label in `endpoints.py`, `status` the HTTP status if there was an answer, and `correlation_id`
    the header `xero-correlation-id`, which Xero's support asks for. `tries` says how often a call was tried in its run,
    if it was a call that may be tried again.
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
        self.tries: int | None = None

    def __repr__(self) -> str:
        facts = [repr(self.message)]
        facts += [f"{name}={value!r}" for name, value in vars(self).items() if value is not None and name != "message"]
        return f"{type(self).__name__}({', '.join(facts)})"

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect pickles errors between processes. By default pickle calls __init__ without its keyword arguments.
        return _rebuilt, (type(self), self.args, dict(vars(self)))

    @classmethod
    def _rebuild(cls, args: tuple[object, ...], facts: dict[str, object]) -> Self:
        error = cls.__new__(cls, *args)
        error.__dict__.update(facts)
        return error


def _rebuilt(cls: type[XeroError], args: tuple[object, ...], facts: dict[str, object]) -> XeroError:
    return cls._rebuild(args, facts)


class ConsentNeeded(XeroError):
    """Only a new consent helps: `invalid_grant`, or a 401 for a token that was just renewed."""

    remedy = Remedy.RECONSENT


class MisconfiguredApp(XeroError):
    """Xero refuses the app itself: `invalid_client`, `unauthorized_client`, `invalid_scope`, `unsupported_grant_type`.

    This affects every practice at once. The stored tokens stay valid.
    """

    remedy = Remedy.FIX_APP


class ScopeMissing(XeroError):
    """401 `AuthorizationUnsuccessful`: the consent's scopes or the app's commercial tier do not cover the endpoint."""

    remedy = Remedy.FIX_APP


class AccessLost(XeroError):
    """403. `/connections` tells whether the account was disconnected or the person lost the privilege."""

    remedy = Remedy.CHECK_CONNECTION


class Blocked(XeroError):
    """403 with an HTML page instead of XPM's reason: a firewall blocked the call, whoever made it."""


class RateLimited(XeroError):
    """429. `resumes_at` is when calls are allowed again, if Xero says so (minute and day limits only)."""

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
    """The tenant has used its calls of this minute."""


class ConcurrentLimit(RateLimited):
    """The tenant has too many calls in flight."""


class AppMinuteLimit(RateLimited):
    """The app has used its calls of this minute, over all tenants."""


class DayLimit(RateLimited):
    """The tenant has used its calls of the day. The work is parked; nothing sleeps until the next day."""


class XeroUnavailable(XeroError):
    """Xero cannot answer now: 5xx, time-out or connection error, after our own retries."""

    remedy = Remedy.TRY_LATER


class NotSent(XeroUnavailable):
    """No connection to Xero was made, so the request never reached it."""


class AnswerLost(XeroUnavailable):
    """The request was sent, but no complete answer came back. Xero may have done the work."""


class Refused(XeroError):
    """Xero understood the request and refused it. `description` is Xero's own sentence, if any."""

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


class StateConflict(Refused):
    """409: the record is not in the state that the request expects, so it must be read again."""

    remedy = Remedy.LOOK_AT_RECORD


class NotFound(Refused):
    """Nothing is there: 404, or the text `Invalid … identifier`.

    It may be about something else than the record asked for, and a 404 may come from something between us and Xero, so
    it does not prove that the record is gone.
    """

    remedy = Remedy.LOOK_AT_RECORD


class RecordGone(NotFound):
    """XPM itself says that it has no record with the identifier asked for, such as `Invalid job identifier`."""


class UnreadableAnswer(XeroError):
    """The answer is not a complete document with the expected element. It never means "no records"."""

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
    CLOCK = "clock"  # (9)-(10), and Xero's clock and ours differ by more than is tolerated
    NONCE = "nonce"  # (11)
    ACCESS_TOKEN_HASH = "at_hash"  # noqa: S105  OpenID Connect Core §3.1.3.8, the name of a claim
    IDENTITY = "identity"  # the id_token is missing or malformed, or identifies nobody


class CallbackRefused(XeroError):
    """The callback from the consent page cannot be trusted. Nothing in it is used."""

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
