from collections.abc import Callable, Generator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import httpx
import pytest

from tests.xero.fakes import APP, START, FakeClock, OpenBudget, Script, Stream, client, envelope, xpm_api
from xpm.xero import endpoints
from xpm.xero.api import LONGEST_WINDOW, XpmApi
from xpm.xero.errors import (
    AnswerLost,
    ConcurrentLimit,
    DayLimit,
    MinuteLimit,
    NotFound,
    ScopeMissing,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.patience import MAX_LIMIT_WAITS, MAX_RETRIES
from xpm.xero.models import CustomFieldValue, Staff
from xpm.xero.records import Records, Unreadable

STAFF = envelope("<StaffList><Staff><UUID>1</UUID></Staff><Staff><UUID>2</UUID></Staff></StaffList>")
DATE = {"Date": "Mon, 02 Mar 2026 08:59:58 GMT"}


def ok(body: bytes) -> httpx.Response:
    return httpx.Response(200, content=body)


def limited(problem: str, **headers: str) -> httpx.Response:
    return httpx.Response(429, headers={"X-Rate-Limit-Problem": problem} | headers)


@pytest.mark.parametrize(
    ("ask", "path", "query"),
    [
        (lambda api: api.clients(), "client.api/list", {"detailed": "true"}),
        (
            lambda api: api.clients(datetime(2026, 3, 1, 13, 30, tzinfo=timezone(timedelta(hours=13)))),
            "client.api/list",
            {"detailed": "true", "modifiedsince": "2026-03-01T00:30:00"},
        ),
        (lambda api: api.client("abc"), "client.api/get/abc", {}),
        (lambda api: api.clients(detailed=False), "client.api/list", {}),
        (lambda api: api.current_jobs(), "job.api/current", {"detailed": "true"}),
        (lambda api: api.current_jobs(detailed=False), "job.api/current", {}),
        (
            lambda api: api.jobs_created(date(2025, 3, 3), date(2026, 3, 2)),
            "job.api/list",
            {"detailed": "true", "from": "20250303", "to": "20260302"},
        ),
        (lambda api: api.job("J 1/2"), "job.api/get/J%201%2F2", {}),
        (
            lambda api: api.time_entries("J 1/2", date(2026, 3, 2), date(2026, 3, 2)),
            "time.api/job/J%201%2F2",
            {"from": "20260302", "to": "20260302"},
        ),
        (lambda api: api.list(endpoints.STAFF), "staff.api/list", {}),
        (lambda api: api.list(endpoints.CLIENT_GROUPS), "clientgroup.api/list", {}),
        (lambda api: api.list(endpoints.JOB_CATEGORIES), "category.api/list", {}),
        (lambda api: api.list(endpoints.CUSTOM_FIELD_DEFINITIONS), "customfield.api/definition", {}),
    ],
)
def test_each_method_calls_its_documented_endpoint(
    ask: Callable[[XpmApi], Records[Any]], path: str, query: dict[str, str]
) -> None:
    script = Script([httpx.Response(404)])
    with pytest.raises(NotFound):
        list(ask(xpm_api(script)))
    (request,) = script.requests
    assert request.url.raw_path.decode().partition("?")[0] == f"/practicemanager/3.1/{path}"
    assert dict(request.url.params) == query
    assert request.headers["xero-tenant-id"] == "tenant-1"
    assert request.headers["Accept"] == "application/xml"


def test_no_call_is_made_before_records_are_iterated() -> None:
    script = Script([ok(STAFF)])
    xpm_api(script).list(endpoints.STAFF)
    assert script.requests == []


def test_records_read_to_the_end_have_facts() -> None:
    body = envelope("<StaffList><Staff><UUID>1</UUID><Shoe/></Staff><Staff><Name>x</Name></Staff></StaffList>")
    records = xpm_api(Script([httpx.Response(200, headers=DATE, stream=Stream([body]))])).list(endpoints.STAFF)
    first, second = records
    assert first == Staff(uuid="1")
    assert isinstance(second, Unreadable)
    facts = records.facts
    assert (facts.records, facts.calls) == (2, 1)
    assert facts.bytes == len(body)
    assert facts.server_time == START - timedelta(seconds=2)
    assert facts.unknown == {"Staff/Shoe": 1}


def test_records_not_read_to_the_end_have_no_facts() -> None:
    records = xpm_api(Script([ok(STAFF)])).list(endpoints.STAFF)
    next(iter(records))
    with pytest.raises(RuntimeError):
        _ = records.facts


def test_records_that_end_in_an_error_have_no_facts() -> None:
    records = xpm_api(Script([ok(STAFF[:-5])])).list(endpoints.STAFF)
    with pytest.raises(UnreadableAnswer):
        list(records)
    with pytest.raises(RuntimeError):
        _ = records.facts


def test_records_can_be_iterated_only_once() -> None:
    records = xpm_api(Script([ok(STAFF)])).list(endpoints.STAFF)
    list(records)
    with pytest.raises(RuntimeError):
        list(records)


def test_a_date_range_spans_at_most_364_days() -> None:
    api, first = xpm_api(Script([ok(STAFF)])), date(2025, 1, 1)
    api.jobs_created(first, first + LONGEST_WINDOW)
    api.jobs_created(first, first)
    for last in (first + LONGEST_WINDOW + timedelta(days=1), first - timedelta(days=1)):
        for ask in (api.jobs_created, partial(api.time_entries, "J1")):
            with pytest.raises(ValueError, match="364"):
                ask(first, last)


def test_a_time_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        xpm_api(Script([ok(STAFF)])).clients(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(503, text="offline for maintenance"),
        httpx.Response(504),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
    ],
)
def test_an_error_before_the_first_record_is_retried_three_times(trouble: httpx.Response | Exception) -> None:
    clock = FakeClock()
    script = Script([trouble] * MAX_RETRIES + [ok(STAFF)])
    records = xpm_api(script, clock).list(endpoints.STAFF)
    assert len(list(records)) == 2
    assert records.facts.calls == MAX_RETRIES + 1
    assert clock.slept == sorted(clock.slept)

    script = Script([trouble])
    with pytest.raises(XeroUnavailable):
        list(xpm_api(script).list(endpoints.STAFF))
    assert len(script.requests) == MAX_RETRIES + 1


def test_an_error_after_the_first_record_is_raised_and_not_retried() -> None:
    records = b"<Response><Status>OK</Status><StaffList><Staff><UUID>1</UUID></Staff>" + b" " * 70_000
    script = Script([httpx.Response(200, stream=Stream([records, records], httpx.ReadError("reset"))), ok(STAFF)])
    iterator = iter(xpm_api(script).list(endpoints.STAFF))
    assert next(iterator) == Staff(uuid="1")
    with pytest.raises(XeroUnavailable):
        next(iterator)
    assert len(script.requests) == 1


def test_an_answer_that_breaks_off_before_the_first_record_is_retried() -> None:
    broken = httpx.Response(200, stream=Stream([b"<Response><Status>OK</Sta"], httpx.ReadError("reset")))
    records = xpm_api(Script([broken, ok(STAFF)])).list(endpoints.STAFF)
    assert len(list(records)) == 2


def test_an_error_answer_whose_body_breaks_off_is_retried() -> None:
    broken = httpx.Response(400, stream=Stream([b"<Resp"], httpx.ReadError("reset")))
    assert len(list(xpm_api(Script([broken, ok(STAFF)])).list(endpoints.STAFF))) == 2


def test_closing_records_early_frees_their_slot_and_connection() -> None:
    stream = Stream([STAFF])
    clock = FakeClock()
    budget = OpenBudget(clock)
    api = XpmApi(client(Script([httpx.Response(200, stream=stream)])), APP, "tenant-1", budget, clock=clock)
    records = iter(api.list(endpoints.STAFF))
    next(records)
    assert isinstance(records, Generator)
    assert budget.in_flight == 1
    records.close()
    assert stream.closed
    assert budget.in_flight == 0


def test_a_body_that_cannot_be_decompressed_is_unreadable() -> None:
    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Stream([b"not gzip at all"]))
    with pytest.raises(UnreadableAnswer):
        list(xpm_api(Script([response])).list(endpoints.STAFF))


@pytest.mark.parametrize("problem", ["minute", "appminute"])
def test_after_a_minute_limit_the_call_waits_as_long_as_xero_says(problem: str) -> None:
    clock = FakeClock()
    records = xpm_api(Script([limited(problem, **{"Retry-After": "17"}), ok(STAFF)]), clock).list(endpoints.STAFF)
    assert len(list(records)) == 2
    assert 17 <= (clock.now - START).total_seconds() <= 19


def test_after_the_concurrent_limit_the_call_waits_only_seconds() -> None:
    clock = FakeClock()
    assert len(list(xpm_api(Script([limited("concurrent"), ok(STAFF)]), clock).list(endpoints.STAFF))) == 2
    assert (clock.now - START).total_seconds() < 5


@pytest.mark.parametrize("seconds", [None, 5, 40_000])
def test_a_day_limit_is_raised_at_once(seconds: int | None) -> None:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    clock, script = FakeClock(), Script([limited("day", **headers)])
    with pytest.raises(DayLimit) as caught:
        list(xpm_api(script, clock).list(endpoints.STAFF))
    assert caught.value.resumes_at == (None if seconds is None else START + timedelta(seconds=seconds))
    assert len(script.requests) == 1
    assert clock.slept == []


def test_a_limit_that_persists_is_raised_after_the_last_wait() -> None:
    script = Script([limited("concurrent")])
    with pytest.raises(ConcurrentLimit):
        list(xpm_api(script).list(endpoints.STAFF))
    assert len(script.requests) == MAX_LIMIT_WAITS + 1


def test_a_minute_limit_with_a_long_wait_is_raised_at_once() -> None:
    clock = FakeClock()
    with pytest.raises(MinuteLimit):
        list(xpm_api(Script([limited("minute", **{"Retry-After": "500"})]), clock).list(endpoints.STAFF))
    assert clock.slept == []


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refused_call_is_not_retried(status: int) -> None:
    script = Script([httpx.Response(status)])
    with pytest.raises(XeroError):
        list(xpm_api(script).list(endpoints.STAFF))
    assert len(script.requests) == 1


def test_an_error_of_the_token_endpoint_does_not_retry_the_call() -> None:
    script = Script([AnswerLost("lost", endpoint="oauth.token")])
    with pytest.raises(AnswerLost):
        list(xpm_api(script).list(endpoints.STAFF))
    assert len(script.requests) == 1


VALUES = "<CustomFields><CustomField><UUID>f</UUID><Name>Fee</Name><Number>{}</Number></CustomField></CustomFields>"


def test_custom_field_values_are_read_for_one_record() -> None:
    script = Script([ok(envelope(VALUES.format("1,200")))])
    (value,) = xpm_api(script).client_field_values("abc")
    assert value == CustomFieldValue(uuid="f", name="Fee", number=1200)
    assert script.requests[0].url.path.endswith("/client.api/get/abc/customfield")


def test_records_that_end_in_an_error_still_have_their_cost() -> None:
    body = envelope("<ErrorDescription>Invalid job identifier</ErrorDescription>", status="ERROR")
    records = xpm_api(Script([ok(body)])).job_field_values("J1")
    with pytest.raises(NotFound):
        list(records)
    assert records.cost.calls == 1


def test_trouble_with_a_short_list_is_returned_and_not_raised() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "staff.api" in request.url.path:
            return httpx.Response(401, json={"Detail": "AuthorizationUnsuccessful"})
        if "customfield.api" in request.url.path:
            return ok(b"<html>oops</html>")
        return ok(envelope("<Clients/><Jobs/><Categories/>"))

    api = xpm_api(answer)
    assert api.trouble_with(endpoints.CLIENT_PAGE, {"pageSize": "1"}) is None
    assert api.trouble_with(endpoints.JOB_CATEGORIES) is None
    assert isinstance(api.trouble_with(endpoints.STAFF), ScopeMissing)
    assert isinstance(api.trouble_with(endpoints.CUSTOM_FIELD_DEFINITIONS), UnreadableAnswer)
