"""Only one run of an entity at a time, whatever happened to the run before."""

import datetime as dt
import pickle
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.profiles import deep_but
from tests.pull.expected import assert_clients_equal_truth
from tests.pull.house import SLUG, House, request
from xpm.consent.access import practice_access
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.pull.plans.plan import carry_out
from xpm.pull.pull import finish, run_pull
from xpm.pull.run import Run, working
from xpm.pull.turn import AlreadyRunning, Others
from xpm.store import leases
from xpm.store.pull.runs import RunCounts
from xpm.store.records.kinds import STAFF
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode
from xpm.words import Stopped
from xpm.xero.errors import XeroError
from xpm.xero.models import Staff

STEPS_OF_CLOCKS = [dt.timedelta(hours=hours) for hours in (0, -1, 1, -11, 11, -24 * 120, 24 * 120)]
FIRST, SECOND = "flow-run-1", "flow-run-2"


@contextmanager
def working_on(house: House, entity: Entity, flow_run_id: str) -> Iterator[Run]:
    """A run that lasts as long as the block."""
    with practice_access(house.integration, SLUG) as access:
        asked = request(entity, flow_run_id=flow_run_id)
        with working(house.integration, access, asked) as work:
            yield work


@contextmanager
def alive(house: House, work: Run) -> Iterator[None]:
    """Let the run give a sign of life whenever somebody waits, as its thread does every few seconds."""

    def sign() -> None:
        with house.database.write() as session:
            leases.renew(session, work.lease, house.clock())

    house.clock.meanwhile.append(sign)
    yield
    house.clock.meanwhile.remove(sign)


@pytest.mark.also_on_postgresql("leases")
def test_a_second_run_waits_for_the_first_and_then_leaves_it_alone(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as first, alive(house, first):
        with pytest.raises(Stopped) as refused:
            house.sync(Entity.STAFF, flow_run_id=SECOND)
        assert refused.value.message.key == "sync.still_running"
        assert refused.value.message.status is ActivityStatus.IN_PROGRESS
        assert "waited 30 minutes for it" in refused.value.message.text
        assert f"Follow it here: http://127.0.0.1:4280/runs/{FIRST}." in refused.value.message.text
        assert isinstance(refused.value, AlreadyRunning)
        assert pickle.loads(pickle.dumps(refused.value)).flow_run_id == FIRST  # noqa: S301 - our own
        assert [run.flow_run_id for run in house.runs()] == [FIRST]
        assert house.rows("staff") == []
    assert house.sync(Entity.STAFF, flow_run_id=SECOND).status is RunStatus.SUCCESS


def test_runs_of_two_entities_do_not_block_each_other(house: House) -> None:
    with working_on(house, Entity.CLIENTS, FIRST):
        assert house.sync(Entity.STAFF, flow_run_id=SECOND).status is RunStatus.SUCCESS


def test_runs_without_a_flow_run_block_each_other_too(house: House) -> None:
    with practice_access(house.integration, SLUG) as access:
        by_hand = working(house.integration, access, request(Entity.STAFF))
        with by_hand as first, alive(house, first), pytest.raises(AlreadyRunning) as refused:
            house.sync(Entity.STAFF)
    assert refused.value.message.key == "sync.still_running_elsewhere"


def test_a_failed_run_blocks_no_other(house: House) -> None:
    house.order("garbage", "staff.api/list")
    with pytest.raises(XeroError):
        house.sync(Entity.STAFF)
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


def test_a_retry_of_the_same_flow_run_takes_over_its_lease_and_closes_the_earlier_run(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as killed:
        assert house.sync(Entity.STAFF, flow_run_id=FIRST).status is RunStatus.SUCCESS
        with pytest.raises(Stopped):
            carry_out(killed, None)
    interrupted, second = house.runs()
    assert (interrupted.status, interrupted.reason_key) == (RunStatus.FAILURE, "sync.interrupted")
    assert second.status is RunStatus.SUCCESS


@pytest.mark.parametrize("step", STEPS_OF_CLOCKS)
def test_a_killed_run_is_taken_over_after_a_minute_of_waiting(house: House, step: dt.timedelta) -> None:
    with working_on(house, Entity.STAFF, FIRST) as killed:
        house.clock.ahead += step
        asked_at = house.clock()
        assert house.sync(Entity.STAFF, flow_run_id=SECOND).status is RunStatus.SUCCESS
        assert house.clock() - asked_at <= leases.DEAD_AFTER + dt.timedelta(seconds=5)
        assert house.run(killed.run_id).reason_key == "sync.interrupted"


@pytest.mark.parametrize("step", deep_but({dt.timedelta(hours=11)}, STEPS_OF_CLOCKS))
@pytest.mark.also_on_postgresql("leases")
def test_a_living_run_keeps_its_lease_however_long_it_waits_and_whatever_the_clock_is_set_to(
    house: House, step: dt.timedelta
) -> None:
    with working_on(house, Entity.STAFF, FIRST) as work, alive(house, work):
        house.clock.ahead += step
        with pytest.raises(AlreadyRunning):
            house.sync(Entity.STAFF, flow_run_id=SECOND)
        carry_out(work, None)
    assert len(house.rows("staff")) == len(house.truth("staff"))


def test_a_run_that_prefect_knows_to_be_over_is_taken_over_at_once(house: House) -> None:
    over = Others(is_over=lambda flow_run_id: flow_run_id == FIRST)
    with working_on(house, Entity.STAFF, FIRST):
        asked = request(Entity.STAFF, flow_run_id=SECOND)
        asked_at = house.clock()
        assert run_pull(house.integration, asked, others=over).status is RunStatus.SUCCESS
        assert house.clock() - asked_at < dt.timedelta(seconds=10)


def test_whoever_waits_says_what_for_once(house: House) -> None:
    said: list[tuple[str, str | None]] = []
    others = Others(show_wait=lambda message, flow_run_id: said.append((message.key, flow_run_id)))
    with working_on(house, Entity.STAFF, FIRST):
        run_pull(house.integration, request(Entity.STAFF, flow_run_id=SECOND), others=others)
    assert said == [("sync.waiting", FIRST)]


def test_whoever_waits_for_something_that_is_no_run_says_so_too(house: House) -> None:
    said: list[tuple[str, str | None]] = []
    others = Others(show_wait=lambda message, flow_run_id: said.append((message.key, flow_run_id)))
    with house.database.write() as session:
        leases.acquire(session, f"sync/{SLUG}/staff", "a revert", house.clock())
    run_pull(house.integration, request(Entity.STAFF, flow_run_id=SECOND), others=others)
    assert said == [("sync.waiting", None)]


@contextmanager
def ends_while_waited_for(house: House, mode: SyncMode) -> Iterator[None]:
    """A run that is alive, and ends well as soon as somebody waits for it."""
    with practice_access(house.integration, SLUG) as access, ExitStack() as under_way:
        asked = request(Entity.CLIENTS, mode, flow_run_id=FIRST)
        work = under_way.enter_context(working(house.integration, access, asked))

        def end() -> None:
            house.clock.meanwhile.remove(end)
            finish(work, *carry_out(work, None))
            under_way.close()

        house.clock.meanwhile.append(end)
        yield


@pytest.mark.also_on_postgresql("leases")
@pytest.mark.parametrize("mode", SyncMode)
def test_whoever_waited_for_a_run_of_the_same_ends_as_it_did_and_asks_xero_for_nothing(
    house: House, mode: SyncMode
) -> None:
    with ends_while_waited_for(house, SyncMode.FULL):
        house.forget_calls()
        result = house.sync(Entity.CLIENTS, mode, flow_run_id=SECOND)
    (first,) = house.runs()
    assert (result.status, result.run_id, result.added) == (RunStatus.SUCCESS, first.id, first.added)
    assert result.message.key == "sync.succeeded"
    assert len(house.asked("client.api")) == 1


def test_a_full_sync_that_waited_for_one_of_changes_still_runs(house: House) -> None:
    house.sync(Entity.CLIENTS)
    with ends_while_waited_for(house, SyncMode.CHANGES):
        house.sync(Entity.CLIENTS, SyncMode.FULL, flow_run_id=SECOND)
    assert [run.mode for run in house.runs()[1:]] == [SyncMode.CHANGES, SyncMode.FULL]


def test_a_sync_that_waited_for_one_that_failed_still_runs(house: House) -> None:
    with practice_access(house.integration, SLUG) as access, ExitStack() as under_way:
        under_way.enter_context(working(house.integration, access, request(Entity.STAFF, flow_run_id=FIRST)))

        def fail() -> None:
            house.clock.meanwhile.remove(fail)
            with suppress(ZeroDivisionError), under_way:
                _ = 1 / 0

        house.clock.meanwhile.append(fail)
        assert house.sync(Entity.STAFF, flow_run_id=SECOND).added


def write_after_a_takeover(house: House) -> None:
    """Write as a run that wakes up after another run has taken over and finished."""
    with working_on(house, Entity.STAFF, FIRST) as zombie:
        house.sync(Entity.STAFF, flow_run_id=SECOND)
        stranger = DEFINITIONS[Entity.STAFF].main.row(Staff(uuid="a-stranger"))
        with zombie.batch() as batch:
            batch.apply(STAFF, [stranger])
            batch.note(RunCounts(added=1))


@pytest.mark.also_on_postgresql("leases")
def test_a_run_that_was_taken_over_commits_nothing_more(house: House) -> None:
    with pytest.raises(Stopped) as ended:
        write_after_a_takeover(house)
    assert ended.value.message.key == "sync.taken_over"
    assert house.active("staff", "uuid") == {row["UUID"] for row in house.truth("staff")}
    interrupted, second = house.runs()
    assert (interrupted.reason_key, interrupted.added) == ("sync.interrupted", 0)
    assert interrupted.finished_at
    assert second.finished_at
    assert interrupted.finished_at <= second.finished_at
    assert second.status is RunStatus.SUCCESS


def test_a_late_run_that_nobody_took_over_continues(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as work:
        house.clock.ahead += dt.timedelta(minutes=11)
        carry_out(work, None)
    assert len(house.rows("staff")) == len(house.truth("staff"))


def test_an_error_outside_xero_marks_the_run_as_failed_too(house: House) -> None:
    with pytest.raises(ZeroDivisionError), working_on(house, Entity.CLIENTS, FIRST):
        _ = 1 / 0
    (run,) = house.runs()
    assert (run.status, run.reason_key) == (RunStatus.FAILURE, "sync.failed")
    house.sync(Entity.CLIENTS)
    assert_clients_equal_truth(house)
