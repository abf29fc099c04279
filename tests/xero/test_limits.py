import threading
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xero.fakes import START, FakeClock
from xpm.xero.errors import DayLimit
from xpm.xero.limits import LocalBudget

MINUTE = 60.0


def headers(**values: object) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): str(value) for name, value in values.items()})


class Server:
    """Counts calls in fixed minutes that begin at a moment nobody knows, as Xero does, and refuses what is too much."""

    def __init__(self, limit: int, phase: float) -> None:
        self.limit = limit
        self.phase = phase
        self.counts: dict[int, int] = {}
        self.refused = 0

    def call(self, at: float) -> httpx.Headers:
        window = int((at + self.phase) // MINUTE)
        self.counts[window] = self.counts.get(window, 0) + 1
        self.refused += self.counts[window] > self.limit
        return headers(X_MinLimit_Remaining=max(0, self.limit - self.counts[window]))


gaps = st.lists(st.floats(0, 40), min_size=1, max_size=60)


@given(limit=st.integers(1, 8), gaps=gaps, latency=st.floats(0, 5))
@settings(deadline=None)
def test_no_minute_one_can_choose_holds_more_calls_than_allowed(limit: int, gaps: list[float], latency: float) -> None:
    clock = FakeClock()
    budget = LocalBudget(5, limit, 1_000, clock, clock.sleep)
    begun = []
    for gap in gaps:
        clock.advance(gap)
        with budget.slot("x"):
            begun.append(clock.now)
            clock.advance(latency)
    for first, beyond in zip(begun, begun[limit:], strict=False):
        assert beyond - first >= timedelta(seconds=MINUTE)


@given(ours=st.integers(1, 10), theirs=st.integers(1, 10), phase=st.floats(0, 60), gaps=gaps, latency=st.floats(0, 5))
@settings(deadline=None)
def test_a_server_that_allows_less_than_configured_never_has_to_refuse(
    ours: int, theirs: int, phase: float, gaps: list[float], latency: float
) -> None:
    clock = FakeClock()
    server = Server(theirs, phase)
    budget = LocalBudget(5, ours, 1_000, clock, clock.sleep)
    for gap in gaps:
        clock.advance(gap)
        with budget.slot("x"):
            said = server.call((clock.now - START).total_seconds())
            clock.advance(latency)
            budget.observe(said, 200)
    assert server.refused == 0


@given(per_day=st.integers(1, 5), gaps=st.lists(st.floats(0, 30_000), min_size=1, max_size=40))
@settings(deadline=None)
def test_no_day_one_can_choose_holds_more_calls_than_allowed(per_day: int, gaps: list[float]) -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 1_000, per_day, clock, clock.sleep)
    begun = []
    for gap in gaps:
        clock.advance(gap)
        with suppress(DayLimit), budget.slot("x"):
            begun.append(clock.now)
    for first, beyond in zip(begun, begun[per_day:], strict=False):
        assert beyond - first >= timedelta(days=1)
    assert clock.slept == []


def test_calls_in_flight_never_exceed_the_limit_however_many_threads_call() -> None:
    budget = LocalBudget(max_concurrent=3, per_minute=10_000, per_day=10_000)
    lock, inside, highest = threading.Lock(), 0, 0
    three_are_in = threading.Barrier(3, timeout=10)

    def call() -> None:
        nonlocal inside, highest
        with budget.slot("x"):
            with lock:
                inside += 1
                highest = max(highest, inside)
            three_are_in.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert highest == 3


def test_a_slot_is_free_again_after_a_call_that_failed() -> None:
    clock = FakeClock()
    budget = LocalBudget(1, 60, 5_000, clock, clock.sleep)
    for _ in range(3):
        with pytest.raises(RuntimeError), budget.slot("x"):
            raise RuntimeError
    with budget.slot("x"):
        pass


def answered(budget: LocalBudget, said: httpx.Headers, status: int = 200) -> None:
    with budget.slot("x"):
        budget.observe(said, status)


def test_a_refusal_for_the_minute_holds_back_everybody_as_long_as_xero_says() -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 60, 5_000, clock, clock.sleep)
    answered(budget, headers(X_Rate_Limit_Problem="minute", Retry_After=17), 429)
    with budget.slot("x"):
        assert clock.now == START + timedelta(seconds=17)


def test_a_refusal_for_the_day_parks_the_work_at_once_until_xero_says() -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 60, 5_000, clock, clock.sleep)
    answered(budget, headers(X_Rate_Limit_Problem="day", Retry_After=40_000), 429)
    with pytest.raises(DayLimit) as caught, budget.slot("job.list"):
        pass
    assert caught.value.resumes_at == START + timedelta(seconds=40_000)
    assert caught.value.endpoint == "job.list"
    assert clock.slept == []
    clock.advance(40_000)
    with budget.slot("job.list"):
        pass


def test_a_day_that_is_used_up_by_others_is_looked_at_again_after_an_hour() -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 60, 5_000, clock, clock.sleep)
    answered(budget, headers(X_DayLimit_Remaining=0))
    with pytest.raises(DayLimit), budget.slot("x"):
        pass
    clock.advance(3_600)
    answered(budget, headers(X_DayLimit_Remaining=4_999))
    answered(budget, headers())


def test_a_refusal_for_too_many_in_flight_takes_one_place_away_for_a_minute() -> None:
    clock = FakeClock()
    budget = LocalBudget(2, 60, 5_000, clock, clock.sleep)
    answered(budget, headers(X_Rate_Limit_Problem="concurrent"), 429)
    begun = threading.Event()

    def second() -> None:
        with budget.slot("x"):
            begun.set()

    with budget.slot("x"):
        thread = threading.Thread(target=second)
        thread.start()
        assert not begun.wait(0.05)
    assert begun.wait(5)
    thread.join(timeout=5)


@pytest.mark.parametrize("value", ["", "many", "-3", "1.5"])
def test_a_header_that_is_no_number_is_ignored(value: str) -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 60, 5_000, clock, clock.sleep)
    answered(budget, headers(X_MinLimit_Remaining=value, X_DayLimit_Remaining=value))
    answered(budget, headers())
    assert clock.slept == []


def test_answers_that_overtake_each_other_do_not_raise_what_is_left() -> None:
    clock = FakeClock()
    budget = LocalBudget(5, 60, 5_000, clock, clock.sleep)
    with budget.slot("first"), budget.slot("second"):
        budget.observe(headers(X_MinLimit_Remaining=1), 200)  # of the second: one is left, and the first is on its way
        budget.observe(headers(X_MinLimit_Remaining=2), 200)  # of the first
    with budget.slot("x"):
        assert clock.now == START + timedelta(seconds=MINUTE)
