"""What an answer's headers say about Xero's limits."""

import httpx
import pytest

from tests.xero.fakes import APP, START, FakeClock, OpenBudget, Script, Stream, client, envelope
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.errors import ConcurrentLimit, DayLimit, MinuteLimit, NotFound, RateLimited
from xpm.xero.http.limits import Call, Said

STAFF = envelope("<StaffList></StaffList>")


def said(status: int = 200, **headers: object) -> Said | None:
    call = Call("a", FakeClock())
    call.answered(httpx.Headers({name.replace("_", "-"): str(value) for name, value in headers.items()}), status)
    return call.said


def test_the_headers_give_the_calls_left_in_the_minute_and_the_day() -> None:
    assert said(X_MinLimit_Remaining=59, X_DayLimit_Remaining=4_999) == Said(START, 59, 4_999)


@pytest.mark.parametrize("value", ["", "many", "-3", "1.5"])
def test_a_limit_header_that_is_not_a_number_is_ignored(value: str) -> None:
    assert said(X_MinLimit_Remaining=value, X_DayLimit_Remaining=value) == Said(START)


@pytest.mark.parametrize(
    ("problem", "seconds", "limit"),
    [("minute", 17, MinuteLimit), ("day", 40_000, DayLimit), ("concurrent", None, ConcurrentLimit)],
)
def test_a_429_gives_the_limit_that_was_hit_and_its_wait(
    problem: str, seconds: int | None, limit: type[RateLimited]
) -> None:
    wait = {} if seconds is None else {"Retry_After": seconds}
    assert said(429, X_Rate_Limit_Problem=problem, **wait) == Said(START, refused=limit, seconds=seconds)


def test_every_attempt_takes_a_slot_and_reports_its_bytes_and_limits() -> None:
    clock = FakeClock()
    budget = OpenBudget(clock)
    refused = httpx.Response(429, headers={"X-Rate-Limit-Problem": "minute", "Retry-After": "5"})
    answers = Script([refused, httpx.Response(200, stream=Stream([STAFF]), headers={"X-MinLimit-Remaining": "58"})])
    api = XpmApi(client(answers), APP, "tenant-1", budget, sleep=clock.sleep, clock=clock)
    assert list(api.list(endpoints.STAFF)) == []
    first, second = budget.ended
    assert (first.said and first.said.refused, second.said and second.said.minute_left) == (MinuteLimit, 58)
    assert (first.bytes, second.bytes) == (0, len(STAFF))


def test_a_failed_call_also_frees_its_slot() -> None:
    clock = FakeClock()
    budget = OpenBudget(clock)
    api = XpmApi(client(Script([httpx.Response(404)])), APP, "tenant-1", budget, sleep=clock.sleep, clock=clock)
    with pytest.raises(NotFound):
        list(api.list(endpoints.STAFF))
    assert (budget.in_flight, len(budget.ended)) == (0, 1)
