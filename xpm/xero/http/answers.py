"""Turns an error answer, or a missing answer, into an error of our tree. Only this module knows Xero's status codes."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypedDict

import httpx

from xpm.xero.clock import Clock
from xpm.xero.errors import (
    AccessLost,
    AnswerLost,
    AppMinuteLimit,
    Blocked,
    ConcurrentLimit,
    ConsentNeeded,
    DayLimit,
    MinuteLimit,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    ScopeMissing,
    StateConflict,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.bounded import AnswerTooLarge
from xpm.xero.http.problem import BodyKind, read_problem, refusal, says_scope_is_missing, sniff
from xpm.xero.keys import key_of
from xpm.xero.printable import printable

_A_DAY = 24 * 60 * 60  # seconds
_LONGEST_ID = 100  # characters; Xero's are UUIDs
_SURELY_A_DAY_LIMIT = 120  # seconds; a longer Retry-After cannot be a minute limit

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""httpx's errors before it writes anything of a request. After any other, the request may have arrived."""


class Facts(TypedDict):
    """The facts about an answer that every error has."""

    endpoint: str
    status: int
    correlation_id: str | None


def error_of(response: httpx.Response, endpoint: str, clock: Clock) -> XeroError:
    """Return the error for an answer other than 2xx. The response must have been read."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _of_limit(response, endpoint, clock)
    if status in _KINDS:
        return _KINDS[status](response, endpoint)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_server_error(response, endpoint)
    if status >= HTTPStatus.BAD_REQUEST:
        return refusal(read_problem(response.content), **facts_of(response, endpoint))
    return UnreadableAnswer(f"Xero answered {endpoint} with status {status}.", **facts_of(response, endpoint))


def transport_error(error: httpx.RequestError, endpoint: str) -> XeroError:
    """Return the error for a failure below HTTP. The text is our own: httpx's may contain a URL with its query."""
    kind = type(error).__name__
    if isinstance(error, AnswerTooLarge):
        return UnreadableAnswer(f"Xero's answer to {endpoint} is too large ({error}).", endpoint=endpoint)
    if isinstance(error, httpx.DecodingError):
        return UnreadableAnswer(f"Xero's answer to {endpoint} cannot be decompressed.", endpoint=endpoint)
    if isinstance(error, NEVER_SENT):
        return NotSent(f"Xero cannot be reached for {endpoint} ({kind}).", endpoint=endpoint)
    return XeroUnavailable(f"No answer from Xero to {endpoint} ({kind}).", endpoint=endpoint)


def error_of_write(error: XeroError, endpoint: str) -> XeroError:
    """Return what an error means if the call was a write: `AnswerLost` if Xero may have done it, and only then.

    A 5xx tells nothing, whatever it says. An error of another endpoint is one of the token's, which is got before the
    write is sent, or after a 401.
    """
    if error.endpoint != endpoint:
        lost = isinstance(error, AnswerLost | Refused | UnreadableAnswer)
        return _with_facts_of(error, XeroUnavailable, error.message) if lost else error
    unknown = isinstance(error, XeroUnavailable | UnreadableAnswer) and not isinstance(error, NotSent)
    if unknown or (error.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _with_facts_of(error, AnswerLost, f"Xero may have done {endpoint}. {error.message}")
    return error


def _with_facts_of(error: XeroError, kind: type[XeroUnavailable], message: str) -> XeroUnavailable:
    return kind(message, endpoint=error.endpoint, status=error.status, correlation_id=error.correlation_id)


def server_time(response: httpx.Response) -> datetime | None:
    """Return Xero's time from the `Date` header, aware UTC; None if it is missing or invalid."""
    try:
        moment = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):  # the parser raises any of them
        return None
    return moment if moment.tzinfo else None


def _of_unauthorized(response: httpx.Response, endpoint: str) -> XeroError:
    if says_scope_is_missing(response):
        return ScopeMissing(f"The consent does not cover {endpoint}.", **facts_of(response, endpoint))
    # XeroAuth has already renewed the token, so another renewal cannot help.
    return ConsentNeeded(f"Xero refuses the access token at {endpoint}.", **facts_of(response, endpoint))


def _of_forbidden(response: httpx.Response, endpoint: str) -> XeroError:
    if sniff(response.content) is BodyKind.HTML:
        return Blocked(f"A firewall in front of Xero blocks {endpoint}.", **facts_of(response, endpoint))
    detail = read_problem(response.content).detail
    reason = f" ({detail})" if detail else ""
    return AccessLost(f"Xero denies access to {endpoint}{reason}.", **facts_of(response, endpoint))


def _of_not_found(response: httpx.Response, endpoint: str) -> XeroError:
    """Return the error for a 404. Only XPM's own words make it more than an address with nothing behind it."""
    problem = read_problem(response.content)
    if problem.denies(key_of(endpoint)):
        return refusal(problem, **facts_of(response, endpoint))
    message = f"Xero has nothing at the address of {endpoint} (status 404)."
    return NotFound(message, description=problem.detail, **facts_of(response, endpoint))


def _of_conflict(response: httpx.Response, endpoint: str) -> StateConflict:
    detail = read_problem(response.content).detail
    reason = f": {detail}" if detail else "."
    message = f"Xero has another state than {endpoint} expects{reason}"
    return StateConflict(message, description=detail, **facts_of(response, endpoint))


def _of_limit(response: httpx.Response, endpoint: str, clock: Clock) -> RateLimited:
    wait = retry_after(response.headers)
    resumes_at = None if wait is None else clock() + timedelta(seconds=wait)
    message = f"Xero's limit is reached at {endpoint}."
    return limit_of(response.headers)(message, resumes_at=resumes_at, **facts_of(response, endpoint))


def limit_of(headers: httpx.Headers) -> type[RateLimited]:
    """Return the limit that `X-Rate-Limit-Problem` names. Its case and wording vary."""
    named = headers.get("X-Rate-Limit-Problem", "").lower()
    if "day" in named or "daily" in named or (not named and (retry_after(headers) or 0) > _SURELY_A_DAY_LIMIT):
        return DayLimit
    if "app" in named:
        return AppMinuteLimit
    return ConcurrentLimit if "concurrent" in named else MinuteLimit


def retry_after(headers: httpx.Headers) -> int | None:
    """Return the seconds of `Retry-After`, at most a day, since no limit lasts longer.

    Xero sends whole seconds, and only for the minute and day limits.
    """
    value = headers.get("Retry-After", "")
    return min(int(value), _A_DAY) if re.fullmatch("[0-9]{1,9}", value) else None


def _of_server_error(response: httpx.Response, endpoint: str) -> XeroError:
    """Return the error for a 5xx. A 500 with Xero's sentence about a bad identifier is a refusal, not an outage."""
    problem = read_problem(response.content)
    if problem.envelope_error and problem.names_no_record:
        return refusal(problem, **facts_of(response, endpoint))
    return _unavailable(response, endpoint)


def _unavailable(response: httpx.Response, endpoint: str) -> XeroUnavailable:
    detail = read_problem(response.content).detail
    reason = f": {detail}" if detail else ""
    message = f"Xero cannot answer {endpoint} now (status {response.status_code}){reason}"
    return XeroUnavailable(message, **facts_of(response, endpoint))


def facts_of(response: httpx.Response, endpoint: str) -> Facts:
    """Return the facts about an answer that every error has."""
    return {"endpoint": endpoint, "status": response.status_code, "correlation_id": correlation_id_of(response)}


def correlation_id_of(response: httpx.Response) -> str | None:
    """Return the id that Xero's support asks for, if the answer has one."""
    return printable(response.headers.get("xero-correlation-id", ""))[:_LONGEST_ID] or None


_KINDS: Mapping[int, Callable[[httpx.Response, str], XeroError]] = {
    HTTPStatus.UNAUTHORIZED: _of_unauthorized,
    HTTPStatus.FORBIDDEN: _of_forbidden,
    HTTPStatus.NOT_FOUND: _of_not_found,
    HTTPStatus.REQUEST_TIMEOUT: _unavailable,
    HTTPStatus.CONFLICT: _of_conflict,
}
