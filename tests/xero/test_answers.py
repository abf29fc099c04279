from datetime import timedelta

import httpx
import pytest

from tests.xero.fakes import START, FakeClock
from xpm.xero.errors import (
    AccessLost,
    AppMinuteLimit,
    Blocked,
    ConcurrentLimit,
    ConsentNeeded,
    DayLimit,
    MinuteLimit,
    NotFound,
    RateLimited,
    Refused,
    ScopeMissing,
    StateConflict,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.answers import error_of, server_time, transport_error

HTML = "<!DOCTYPE html><html><body>Access denied by the firewall</body></html>"
XML_ERROR = "<Response><Status>ERROR</Status><ErrorDescription>{}</ErrorDescription></Response>"


def detail(status: int, text: str) -> str:
    return f'{{"Type":null,"Title":"T","Status":{status},"Detail":"{text}","Instance":"x","Extensions":{{}}}}'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, XML_ERROR.format("The from date is required"), Refused),
        (400, '{"status":"ERROR","errorDescription":"range must be less than one year"}', Refused),
        (400, XML_ERROR.format("Invalid client/contact identifier"), NotFound),
        (401, detail(401, "TokenExpired: token expired at 03/02/2026 09:00:00"), ConsentNeeded),
        (401, detail(401, "AuthenticationUnsuccessful"), ConsentNeeded),
        (401, "", ConsentNeeded),
        (401, detail(401, "AuthorizationUnsuccessful"), ScopeMissing),
        (401, '{"detail":"AuthorizationUnsuccessful"}', ScopeMissing),
        (403, detail(403, "AuthenticationUnsuccessful"), AccessLost),
        (403, detail(403, "InsufficientPermissions"), AccessLost),
        (403, HTML, Blocked),
        (404, "", NotFound),
        (404, HTML, NotFound),
        (409, XML_ERROR.format("Conflict"), StateConflict),
        (412, "", Refused),
        (500, XML_ERROR.format("Something broke"), XeroUnavailable),
        (500, XML_ERROR.format("Invalid job identifier"), NotFound),
        (500, '{"Title":"An error occurred"}', XeroUnavailable),
        (500, '{"Title": broken', XeroUnavailable),
        (500, "", XeroUnavailable),
        (500, "[" * 50_000, XeroUnavailable),
        (500, "[1]", XeroUnavailable),
        (500, "<Response><Status>ERROR", XeroUnavailable),
        (502, HTML, XeroUnavailable),
        (503, '{"Detail":"ServiceNotAvailable"}', XeroUnavailable),
        (503, "Xero is offline for maintenance", XeroUnavailable),
        (504, "", XeroUnavailable),
        (302, "", UnreadableAnswer),
        (204, "", UnreadableAnswer),
    ],
)
@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-8", "application/json", None])
def test_status_and_body_decide_the_error_whatever_the_content_type(
    status: int, body: str, kind: type[XeroError], content_type: str | None
) -> None:
    headers = {"xero-correlation-id": "c-1"} | ({"Content-Type": content_type} if content_type else {})
    error = error_of(httpx.Response(status, content=body.encode(), headers=headers), "job.list", FakeClock())
    assert type(error) is kind
    assert (error.endpoint, error.status, error.correlation_id) == ("job.list", status, "c-1")


@pytest.mark.parametrize(
    ("problem", "retry_after", "kind"),
    [
        ("minute", "17", MinuteLimit),
        ("Minute", "17", MinuteLimit),
        ("day", "40000", DayLimit),
        ("DAY limit", "40000", DayLimit),
        ("concurrent", None, ConcurrentLimit),
        ("Concurrent Requests", None, ConcurrentLimit),
        ("appminute", None, AppMinuteLimit),
        ("App Minute", None, AppMinuteLimit),
        (None, "17", MinuteLimit),
        (None, "40000", DayLimit),
        (None, None, MinuteLimit),
        ("day", "soon", DayLimit),
    ],
)
def test_the_problem_header_tells_limits_apart_in_any_wording(
    problem: str | None, retry_after: str | None, kind: type[RateLimited]
) -> None:
    headers = {"X-Rate-Limit-Problem": problem, "Retry-After": retry_after}
    response = httpx.Response(429, headers={name: value for name, value in headers.items() if value is not None})
    error = error_of(response, "job.list", FakeClock())
    assert type(error) is kind
    assert isinstance(error, RateLimited)
    known = retry_after is not None and retry_after.isdecimal()
    assert error.resumes_at == (START + timedelta(seconds=int(retry_after or 0)) if known else None)


def test_an_error_message_contains_no_html() -> None:
    error = error_of(httpx.Response(403, text=HTML), "job.list", FakeClock())
    assert "denied" not in str(error)


def test_a_long_error_text_is_truncated() -> None:
    error = error_of(httpx.Response(503, text="down " * 10_000), "job.list", FakeClock())
    assert len(str(error)) < 400


def test_a_transport_error_does_not_show_the_url() -> None:
    request = httpx.Request("GET", "https://api.xero.example/x?secret=1")
    error = transport_error(httpx.ReadTimeout("timed out at https://api.xero.example/x?secret=1", request=request), "x")
    assert type(error) is XeroUnavailable
    assert "secret" not in repr(error)


@pytest.mark.parametrize("value", ["yesterday", "", "Mon, 99 Foo 2026"])
def test_an_invalid_date_header_gives_no_server_time(value: str) -> None:
    assert server_time(httpx.Response(200, headers={"Date": value})) is None


def test_the_date_header_is_the_server_time() -> None:
    assert server_time(httpx.Response(200, headers={"Date": "Mon, 02 Mar 2026 09:00:00 GMT"})) == START
