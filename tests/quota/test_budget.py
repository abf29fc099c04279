"""The budget that processes share through the database."""

import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.consent.workers import hold_places
from tests.processes import FORKED
from tests.xero.fakes import START, FakeClock
from xpm.integration import Integration
from xpm.quota.allowance import HELD, Limits
from xpm.quota.budget import SharedBudget, budget_of
from xpm.store import allowances
from xpm.store.engine.database import Database
from xpm.store.vocabulary import CallPriority
from xpm.xero.errors import DayLimit

TENANT = "11111111-1111-4111-8111-111111111111"


def budget(
    database: Database, clock: FakeClock, limits: Limits | None = None, priority: CallPriority = CallPriority.PEOPLE
) -> SharedBudget:
    """Make a budget as another process would: it shares only the database."""
    limits = limits or Limits()
    return SharedBudget(database, TENANT, limits, priority, clock=clock, is_everybodys=True, sleep=clock.sleep)


@pytest.mark.also_on_postgresql("locks on a row")
def test_one_processs_calls_count_for_the_other(database: Database) -> None:
    clock = FakeClock()
    for _ in range(3):
        with budget(database, clock, Limits(per_minute=3)).slot("x"):
            pass
    with budget(database, clock, Limits(per_minute=3)).slot("x"):
        assert clock.now >= START + timedelta(minutes=1)


def test_a_limit_told_to_one_process_holds_for_the_other(database: Database) -> None:
    clock = FakeClock()
    with budget(database, clock).slot("x") as call:
        call.answered(httpx.Headers({"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}), 429)
    with pytest.raises(DayLimit) as caught, budget(database, clock).slot("x"):
        pass
    assert caught.value.resumes_at == START + timedelta(seconds=40_000)
    assert clock.slept == []


def test_another_tenants_calls_do_not_count(database: Database) -> None:
    clock = FakeClock()
    limits = Limits(max_concurrent=1, per_minute=1)
    people, sleep = CallPriority.PEOPLE, clock.sleep
    other = SharedBudget(database, "another", limits, people, clock=clock, is_everybodys=True, sleep=sleep)
    with budget(database, clock, limits).slot("x"), other.slot("x"):
        assert clock.slept == []


def test_a_failed_call_gives_its_place_back(database: Database) -> None:
    clock = FakeClock()
    for _ in range(3):
        with pytest.raises(RuntimeError), budget(database, clock, Limits(max_concurrent=1)).slot("x"):
            raise RuntimeError
    assert clock.slept == []


@pytest.mark.also_on_postgresql("many writers at once")
def test_calls_in_flight_never_exceed_the_limit_however_many_threads_call(database: Database) -> None:
    limits = Limits(max_concurrent=3, per_minute=10_000, per_day=10_000)
    budgets = [SharedBudget(database, TENANT, limits, CallPriority.PEOPLE) for _ in range(2)]
    lock, inside, highest = threading.Lock(), 0, 0
    three_are_in = threading.Barrier(3, timeout=20)

    def call(through: SharedBudget) -> None:
        nonlocal inside, highest
        with through.slot("x"):
            with lock:
                inside += 1
                highest = max(highest, inside)
            three_are_in.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=call, args=(budgets[number % 2],)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert highest == 3


def test_a_killed_process_gives_its_places_back_after_a_while(database: Database) -> None:
    limits = Limits(max_concurrent=2)
    held = FORKED.Event()
    url = database.url.render_as_string(hide_password=False)
    worker = FORKED.Process(target=hold_places, args=(url, TENANT, limits, held), daemon=True)
    worker.start()
    assert held.wait(60)
    worker.kill()
    worker.join(60)
    clock = FakeClock(datetime.now(UTC))
    killed_at = clock.now
    with budget(database, clock, limits).slot("x"):
        assert timedelta() < clock.now - killed_at <= HELD + timedelta(seconds=1)


@pytest.mark.also_on_postgresql("sums in SQL")
def test_calls_and_bytes_are_tallied_by_day_and_priority(database: Database) -> None:
    clock = FakeClock()
    for priority, size in ((CallPriority.PEOPLE, 100), (CallPriority.OVERNIGHT, 5), (CallPriority.OVERNIGHT, 6)):
        with budget(database, clock, priority=priority).slot("x") as call:
            call.bytes = size
    clock.advance(24 * 3600)
    with budget(database, clock).slot("x") as call:
        call.bytes = 3_000_000_000
    with database.read() as session:
        seen = [
            (one.day, one.priority, one.calls, one.bytes) for one in allowances.usage(session, TENANT, START.date())
        ]
    today, tomorrow = START.date(), START.date() + timedelta(days=1)
    assert seen == [
        (tomorrow, CallPriority.PEOPLE, 1, 3_000_000_000),
        (today, CallPriority.OVERNIGHT, 2, 11),
        (today, CallPriority.PEOPLE, 1, 100),
    ]


def test_old_tallies_are_deleted(database: Database) -> None:
    clock = FakeClock()
    for days in (0, 10, 395):
        clock.now = START + timedelta(days=days)
        with budget(database, clock).slot("x"):
            pass
    with database.read() as session:
        days_kept = [(one.day - START.date()).days for one in allowances.usage(session, TENANT, START.date())]
    assert days_kept == [395, 10, 0]
    clock.now = START + timedelta(days=405)
    with budget(database, clock).slot("x"):
        pass
    with database.read() as session:
        days_kept = [(one.day - START.date()).days for one in allowances.usage(session, TENANT, START.date())]
    assert days_kept == [405, 395, 10]


class HadToWait(Exception):
    """Raised when a caller is told to wait some seconds."""


def computer(database: Database, limits: Limits, fast_by: timedelta = timedelta()) -> SharedBudget:
    """Make the budget of a computer whose clock is wrong, and which raises instead of waiting."""

    def clock() -> datetime:
        return datetime.now(UTC) + fast_by

    def sleep(seconds: float) -> None:
        raise HadToWait(seconds)

    return SharedBudget(database, TENANT, limits, CallPriority.PEOPLE, clock=clock, sleep=sleep)


@pytest.mark.parametrize("fast_by", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(days=400)])
def test_computers_whose_clocks_differ_share_the_budget_by_the_databases_clock(
    postgresql_database: Database, fast_by: timedelta
) -> None:
    one_place, two_a_minute = Limits(max_concurrent=1), Limits(per_minute=2)
    right, wrong = (computer(postgresql_database, one_place, by) for by in (timedelta(), fast_by))
    for first, second in ((right, wrong), (wrong, right)):
        with first.slot("x"), pytest.raises(HadToWait), second.slot("x"):
            pass
    for by in (timedelta(), fast_by):
        with pytest.raises(HadToWait) as told, computer(postgresql_database, two_a_minute, by).slot("x"):
            pass
        assert 40 < told.value.args[0] < 62


def test_a_process_has_one_budget_per_priority_as_its_settings_describe(integration: Integration) -> None:
    settings = integration.settings.model_copy(update={"xero_max_concurrent": 2, "xero_calls_per_minute": 1_000})
    configured = Integration(settings, integration.database, integration.vault, integration.http)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(budget_of(configured, "one").slot("x"))
        waited: list[float] = []
        stopped = RuntimeError("a third has to wait")

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            raise stopped

        impatient = Integration(settings, integration.database, integration.vault, integration.http, sleep=sleep)
        with pytest.raises(RuntimeError, match="a third"), budget_of(impatient, "one", CallPriority.PEOPLE).slot("x"):
            pass
    assert waited
