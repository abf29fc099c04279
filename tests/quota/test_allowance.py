"""The arithmetic of Xero's limits, with a clock that moves only when told."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xero.fakes import START, FakeClock
from xpm.quota.allowance import HELD, Allowance, Limits
from xpm.store.vocabulary import CallPriority
from xpm.xero.errors import DayLimit
from xpm.xero.http.limits import Call

MINUTE = 60.0
PEOPLE, CHANGES, OVERNIGHT, VERIFICATION = CallPriority
PRIORITIES = st.sampled_from(list(CallPriority))


class Desk:
    """Callers of one tenant that ask one after another; the allowance is read and written each time, as from a row."""

    def __init__(self, max_concurrent: int = 5, per_minute: int = 60, per_day: int = 5_000) -> None:
        self.clock = FakeClock()
        self.limits = Limits(max_concurrent, per_minute, per_day)
        self._row = "{}"
        self._ids = itertools.count()

    @contextmanager
    def row(self) -> Iterator[Allowance]:
        allowance = Allowance.model_validate_json(self._row)
        yield allowance
        self._row = allowance.model_dump_json(exclude_defaults=True)

    def ask(self, call: Call, priority: CallPriority = PEOPLE) -> float:
        """Return the seconds to wait; 0 if the call has begun."""
        with self.row() as allowance:
            ready_at = allowance.enter(call.id, "job.list", priority, self.limits, self.clock.now)
        return (ready_at - self.clock.now).total_seconds()

    def call(self) -> Call:
        return Call(str(next(self._ids)), self.clock)

    def leave(self, call: Call) -> None:
        with self.row() as allowance:
            allowance.leave(call.id, call.said, self.limits, self.clock.now)

    @contextmanager
    def slot(self, priority: CallPriority = PEOPLE) -> Iterator[Call]:
        call = self.call()
        while (seconds := self.ask(call, priority)) > 0:
            self.clock.sleep(seconds)
        yield call
        self.leave(call)

    def answered(self, status: int = 200, **headers: object) -> None:
        """Make a call whose answer has these headers."""
        with self.slot() as call:
            call.answered(named(**headers), status)


def named(**values: object) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): str(value) for name, value in values.items()})


class Server:
    """Counts calls in fixed minutes that begin at an unknown time, as Xero does, and refuses those over the limit."""

    def __init__(self, limit: int, phase: float) -> None:
        self.limit = limit
        self.phase = phase
        self.counts: dict[int, int] = {}
        self.refused = 0

    def call(self, at: datetime) -> httpx.Headers:
        window = int(((at - START).total_seconds() + self.phase) // MINUTE)
        self.counts[window] = self.counts.get(window, 0) + 1
        self.refused += self.counts[window] > self.limit
        return named(X_MinLimit_Remaining=max(0, self.limit - self.counts[window]))


gaps = st.lists(st.floats(0, 40), min_size=1, max_size=60)


@given(limit=st.integers(1, 8), calls=st.lists(st.tuples(st.floats(0, 40), PRIORITIES), max_size=60))
def test_no_possible_minute_holds_more_calls_than_allowed(limit: int, calls: list[tuple[float, CallPriority]]) -> None:
    desk, begun = Desk(per_minute=limit), []
    for gap, priority in calls:
        desk.clock.advance(gap)
        with desk.slot(priority):
            begun.append(desk.clock.now)
    for first, beyond in zip(begun, begun[limit:], strict=False):
        assert beyond - first >= timedelta(seconds=MINUTE)


@given(ours=st.integers(1, 10), theirs=st.integers(1, 10), phase=st.floats(0, 60), gaps=gaps, latency=st.floats(0, 5))
def test_a_server_that_allows_less_than_configured_never_has_to_refuse(
    ours: int, theirs: int, phase: float, gaps: list[float], latency: float
) -> None:
    desk, server = Desk(per_minute=ours), Server(theirs, phase)
    for gap in gaps:
        desk.clock.advance(gap)
        with desk.slot() as call:
            said = server.call(desk.clock.now)
            desk.clock.advance(latency)
            call.answered(said, 200)
    assert server.refused == 0


@given(phase=st.floats(0, 60), latency=st.floats(0.1, 4), priority=PRIORITIES)
@settings(max_examples=30)  # each plays ten minutes
def test_busy_callers_use_nine_tenths_of_xeros_minute_and_are_not_refused(
    phase: float, latency: float, priority: CallPriority
) -> None:
    """For ten minutes, make as many calls at a time as the priority allows, all of the same length."""
    desk, server = Desk(), Server(60, phase)
    under_way: list[tuple[datetime, Call, httpx.Headers]] = []
    made = 0
    while desk.clock.now < START + timedelta(minutes=10):
        under_way.sort(key=lambda flight: flight[0])
        if under_way and under_way[0][0] <= desk.clock.now:
            _, over, said = under_way.pop(0)
            over.answered(said, 200)
            desk.leave(over)
        elif (seconds := desk.ask(call := desk.call(), priority)) > 0:
            ends = (under_way[0][0] - desk.clock.now).total_seconds() if under_way else seconds
            desk.clock.advance(min(seconds, ends))
        else:
            said, made = server.call(desk.clock.now), made + 1
            under_way.append((desk.clock.now + timedelta(seconds=latency), call, said))
    assert server.refused == 0
    possible = min(60.0, desk.limits.places(priority) * 60 / latency)
    assert made >= 0.9 * 10 * possible - 5


@given(per_day=st.integers(1, 5), gaps=st.lists(st.floats(0, 30_000), min_size=1, max_size=40))
def test_no_possible_day_holds_more_calls_than_allowed(per_day: int, gaps: list[float]) -> None:
    desk, begun = Desk(per_day=per_day), []
    for gap in gaps:
        desk.clock.advance(gap)
        with suppress(DayLimit), desk.slot():
            begun.append(desk.clock.now)
    for first, beyond in zip(begun, begun[per_day:], strict=False):
        assert beyond - first >= timedelta(days=1)
    assert desk.clock.slept == []


@given(steps=st.lists(st.tuples(st.booleans(), PRIORITIES, st.integers(0, 9)), max_size=60))
def test_no_interleaving_exceeds_the_places_in_flight_and_less_urgent_calls_leave_some_free(
    steps: list[tuple[bool, CallPriority, int]],
) -> None:
    desk = Desk(per_minute=1_000)
    flying: list[Call] = []
    for enters, priority, which in steps:
        if enters:
            call = desk.call()
            if desk.ask(call, priority) == 0:
                assert len(flying) < desk.limits.places(priority) <= 5
                flying.append(call)
        elif flying:
            desk.leave(flying.pop(which % len(flying)))


def test_a_call_without_a_sign_of_life_loses_its_place() -> None:
    desk = Desk(max_concurrent=1)
    assert desk.ask(desk.call()) == 0
    desk.clock.advance(HELD.total_seconds() - 1)
    assert desk.ask(desk.call()) > 0
    desk.clock.advance(1)
    assert desk.ask(desk.call()) == 0


TOLD: dict[str, dict[str, object]] = {
    "nothing": {},
    "no calls left in the minute": {"X_MinLimit_Remaining": 0},
    "no calls left in the day": {"X_DayLimit_Remaining": 0},
    "a refusal for the minute": {"status": 429, "X_Rate_Limit_Problem": "minute"},
    "a refusal for the day": {"status": 429, "X_Rate_Limit_Problem": "day", "Retry_After": 86_400},
    "a refusal for too many in flight": {"status": 429, "X_Rate_Limit_Problem": "concurrent"},
}
"""What Xero may say while a clock is wrong."""


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_times_noted_by_a_clock_that_was_far_ahead_hold_nobody_back_once_the_clock_is_right(told: Any) -> None:  # noqa: ANN401
    desk = Desk(max_concurrent=2, per_minute=2, per_day=3)
    desk.clock.advance(2 * 86_400)
    assert desk.ask(desk.call()) == 0  # and is killed
    desk.answered(**told)
    with suppress(DayLimit):
        desk.ask(desk.call(), PEOPLE)  # and claims a turn
    desk.clock.now = START
    assert desk.ask(desk.call(), OVERNIGHT) == 0
    assert desk.ask(desk.call(), PEOPLE) == 0


def test_a_call_that_gives_signs_of_life_keeps_its_place() -> None:
    desk = Desk(max_concurrent=1)
    long = desk.call()
    assert desk.ask(long) == 0
    for _ in range(10):
        desk.clock.advance(HELD.total_seconds() - 1)
        with desk.row() as allowance:
            allowance.renew(long.id, desk.clock.now)
    assert desk.ask(desk.call()) > 0


def test_a_call_that_lost_its_place_too_early_takes_it_back() -> None:
    desk = Desk(max_concurrent=1)
    long = desk.call()
    assert desk.ask(long) == 0
    desk.clock.advance(HELD.total_seconds())
    short = desk.call()
    assert desk.ask(short) == 0
    with desk.row() as allowance:
        allowance.renew(long.id, desk.clock.now)
    desk.leave(short)
    assert desk.ask(desk.call()) > 0


def test_a_refusal_for_the_minute_holds_everybody_back_for_as_long_as_xero_says() -> None:
    desk = Desk()
    desk.answered(429, X_Rate_Limit_Problem="minute", Retry_After=17)
    with desk.slot():
        assert desk.clock.now == START + timedelta(seconds=17)


@pytest.mark.parametrize("problem", ["minute", "appminute"])
def test_a_refusal_for_the_minute_holds_back_for_at_most_a_minute(problem: str) -> None:
    desk = Desk()
    desk.answered(429, X_Rate_Limit_Problem=problem, Retry_After=999_999_999)
    with desk.slot():
        assert desk.clock.now == START + timedelta(minutes=1)


@pytest.mark.parametrize("problem", ["day", "Daily"])
def test_a_refusal_for_the_day_parks_work_for_at_most_a_day(problem: str) -> None:
    desk = Desk()
    desk.answered(429, X_Rate_Limit_Problem=problem, Retry_After=999_999_999)
    with pytest.raises(DayLimit) as caught:
        desk.ask(desk.call())
    assert caught.value.resumes_at == START + timedelta(days=1)


def test_a_refusal_for_the_day_parks_work_at_once_for_as_long_as_xero_says() -> None:
    desk = Desk()
    desk.answered(429, X_Rate_Limit_Problem="day", Retry_After=40_000)
    with pytest.raises(DayLimit) as caught:
        desk.ask(desk.call())
    assert caught.value.resumes_at == START + timedelta(seconds=40_000)
    assert caught.value.endpoint == "job.list"
    assert desk.clock.slept == []
    desk.clock.advance(40_000)
    assert desk.ask(desk.call()) == 0


def test_a_day_that_others_used_up_is_tried_again_after_an_hour() -> None:
    desk = Desk()
    desk.answered(X_DayLimit_Remaining=0)
    with pytest.raises(DayLimit):
        desk.ask(desk.call())
    desk.clock.advance(3_600)
    desk.answered(X_DayLimit_Remaining=4_999)
    desk.answered()


def test_a_refusal_for_too_many_in_flight_takes_one_place_away_for_a_minute() -> None:
    desk = Desk(max_concurrent=2)
    desk.answered(429, X_Rate_Limit_Problem="concurrent")
    assert desk.ask(desk.call()) == 0
    assert desk.ask(desk.call()) > 0
    desk.clock.advance(59.9)
    assert desk.ask(desk.call()) > 0
    desk.clock.advance(0.1)
    assert desk.ask(desk.call()) == 0


def test_answers_that_overtake_each_other_do_not_raise_the_calls_left() -> None:
    desk = Desk()
    with desk.slot() as first, desk.slot() as second:
        second.answered(named(X_MinLimit_Remaining=1), 200)  # one is left, and the first is on its way
        first.answered(named(X_MinLimit_Remaining=2), 200)
    with desk.slot():
        assert desk.clock.now == START + timedelta(seconds=MINUTE)


@pytest.mark.parametrize(("priority", "calls"), [(PEOPLE, 100), (CHANGES, 95), (OVERNIGHT, 85), (VERIFICATION, 60)])
def test_a_day_is_used_up_sooner_for_the_less_urgent(priority: CallPriority, calls: int) -> None:
    by_our_count = Desk(per_day=100, per_minute=1_000)
    for _ in range(calls):
        with by_our_count.slot(priority):
            pass
    with pytest.raises(DayLimit):
        by_our_count.ask(by_our_count.call(), priority)
    by_xeros_count = Desk(per_day=100)
    by_xeros_count.answered(X_DayLimit_Remaining=101 - calls)
    with by_xeros_count.slot(priority):
        pass
    with pytest.raises(DayLimit):
        by_xeros_count.ask(by_xeros_count.call(), priority)


def test_a_new_day_of_xeros_allows_as_much_as_last_night_at_the_same_hour() -> None:
    desk = Desk(per_day=100, per_minute=1_000)
    for _ in range(3):
        for left in reversed(range(50, 100)):
            with desk.slot(VERIFICATION) as call:
                call.answered(named(X_DayLimit_Remaining=left), 200)
        desk.clock.advance(24 * 3_600)


@pytest.mark.parametrize("refusal", [{"Retry_After": 40_000}, {}], ids=["until when", "nothing more"])
def test_a_used_up_day_holds_nobody_back_once_xero_says_it_is_over(refusal: dict[str, object]) -> None:
    desk = Desk(per_day=100, per_minute=1_000)
    for left in reversed(range(1, 100)):
        desk.answered(X_DayLimit_Remaining=left)
    desk.answered(429, X_Rate_Limit_Problem="day", **refusal)
    with pytest.raises(DayLimit) as caught:
        desk.ask(desk.call(), OVERNIGHT)
    assert caught.value.resumes_at
    desk.clock.now = caught.value.resumes_at
    assert desk.ask(desk.call(), OVERNIGHT) == 0


def test_a_day_that_a_person_used_up_is_tried_again_however_long_ago_that_was() -> None:
    desk = Desk(per_day=100, per_minute=1_000)
    for left in reversed(range(5, 100)):
        desk.answered(X_DayLimit_Remaining=left)
    desk.clock.advance(10 * 3_600)
    with desk.slot(VERIFICATION) as call:
        call.answered(named(X_DayLimit_Remaining=99), 200)
    assert desk.ask(desk.call(), VERIFICATION) == 0


def test_without_further_answers_no_more_than_a_days_calls_follow_the_last_one() -> None:
    desk = Desk(per_day=100, per_minute=1_000)
    desk.answered(X_DayLimit_Remaining=50)
    desk.clock.advance(2 * 3_600)
    made = 0
    with suppress(DayLimit):
        while made <= 200:
            with desk.slot():
                made += 1
            desk.clock.advance(60)
    assert made == 100


def test_parked_work_continues_when_there_are_enough_calls_to_be_worthwhile() -> None:
    desk = Desk(per_day=50)
    for _ in range(50):
        with desk.slot():
            desk.clock.advance(900)
    with pytest.raises(DayLimit) as caught:
        desk.ask(desk.call())
    assert caught.value.resumes_at is not None
    fifth_left = START + timedelta(seconds=5 * 900) + timedelta(days=1)
    assert fifth_left <= caught.value.resumes_at <= fifth_left + timedelta(seconds=1_800)


def test_calls_that_less_urgent_work_may_not_use_are_left_for_a_person() -> None:
    desk = Desk(per_day=100, per_minute=1_000)
    with suppress(DayLimit):
        while True:
            with desk.slot(VERIFICATION):
                pass
    for priority, calls in ((OVERNIGHT, 25), (CHANGES, 10), (PEOPLE, 5)):
        for _ in range(calls):
            with desk.slot(priority):
                pass
    with pytest.raises(DayLimit):
        desk.ask(desk.call(), PEOPLE)


def test_a_person_finds_calls_left_in_a_minute_that_the_overnight_sync_filled() -> None:
    desk = Desk(max_concurrent=1_000)
    while desk.ask(desk.call(), OVERNIGHT) == 0:
        pass
    assert desk.ask(desk.call(), PEOPLE) == 0
    assert desk.clock.now == START


def test_less_urgent_callers_let_more_urgent_ones_begin_first() -> None:
    desk = Desk(per_minute=2)
    for _ in range(2):
        with desk.slot(PEOPLE):
            pass
    waits = desk.ask(desk.call(), PEOPLE)
    desk.clock.advance(waits)
    assert desk.ask(desk.call(), OVERNIGHT) > 0
    assert desk.ask(desk.call(), PEOPLE) == 0


def test_a_claim_that_nobody_uses_expires() -> None:
    desk = Desk(per_minute=2)
    for _ in range(2):
        with desk.slot(PEOPLE):
            pass
    desk.clock.advance(desk.ask(desk.call(), PEOPLE) + 1)
    assert desk.ask(desk.call(), OVERNIGHT) == 0
