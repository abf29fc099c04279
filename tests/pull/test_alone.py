"""Only one run of an entity at a time, whatever happened to the run before."""

import datetime as dt
import pickle
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.pull.expected import assert_clients_equal_truth
from tests.pull.house import SLUG, House, request
from xpm.consent.access import practice_access
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.pull.plans.plan import carry_out
from xpm.pull.run import LEASE, AlreadyRunning, Run, working
from xpm.store.pull.runs import RunCounts
from xpm.store.records.kinds import STAFF
from xpm.store.vocabulary import RunStatus
from xpm.words import Stopped
from xpm.xero.errors import XeroError
from xpm.xero.models import Staff

FIRST, SECOND = "flow-run-1", "flow-run-2"


@contextmanager
def working_on(house: House, entity: Entity, flow_run_id: str) -> Iterator[Run]:
    """A run that lasts as long as the block."""
    with practice_access(house.integration, SLUG) as access:
        asked = request(entity, flow_run_id=flow_run_id)
        with working(house.integration, access, asked) as work:
            yield work


@pytest.mark.also_on_postgresql("leases")
def test_a_second_run_is_refused_with_the_id_of_the_first_and_leaves_no_trace(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST):
        with pytest.raises(Stopped) as refused:
            house.sync(Entity.STAFF, flow_run_id=SECOND)
        assert refused.value.message.key == "sync.already_running"
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
        with by_hand, pytest.raises(AlreadyRunning) as refused:
            house.sync(Entity.STAFF)
    assert refused.value.message.key == "sync.already_running_elsewhere"


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


def test_a_killed_run_blocks_others_only_until_its_lease_expires(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as killed:
        house.clock.ahead += LEASE - dt.timedelta(seconds=5)
        with pytest.raises(Stopped):
            house.sync(Entity.STAFF, flow_run_id=SECOND)
        house.clock.ahead += dt.timedelta(seconds=10)
        assert house.sync(Entity.STAFF, flow_run_id=SECOND).status is RunStatus.SUCCESS
        assert house.run(killed.run_id).reason_key == "sync.interrupted"


def write_after_a_takeover(house: House) -> None:
    """Write as a run that wakes up after another run has taken over and finished."""
    with working_on(house, Entity.STAFF, FIRST) as zombie:
        house.clock.ahead += 2 * LEASE
        house.sync(Entity.STAFF, flow_run_id=SECOND)
        stranger = DEFINITIONS[Entity.STAFF].main.row(Staff(uuid="a-stranger"))
        with zombie.batch() as batch:
            batch.apply(STAFF, [stranger])
            batch.note(RunCounts(added=1))


@pytest.mark.also_on_postgresql("leases")
def test_a_run_that_was_taken_over_commits_nothing_more(house: House) -> None:
    with pytest.raises(Stopped) as ended:
        write_after_a_takeover(house)
    assert ended.value.message.key == "sync.interrupted"
    assert house.active("staff", "uuid") == {row["UUID"] for row in house.truth("staff")}
    interrupted, second = house.runs()
    assert (interrupted.reason_key, interrupted.added) == ("sync.interrupted", 0)
    assert interrupted.finished_at
    assert second.finished_at
    assert interrupted.finished_at <= second.finished_at
    assert second.status is RunStatus.SUCCESS


def test_a_run_renews_its_lease_with_every_batch_however_long_it_takes(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as work:
        for _ in range(5):
            house.clock.ahead += LEASE - dt.timedelta(seconds=30)
            with work.commit():
                pass
            with pytest.raises(Stopped):
                house.sync(Entity.STAFF, flow_run_id=SECOND)


def test_a_late_run_that_nobody_took_over_continues(house: House) -> None:
    with working_on(house, Entity.STAFF, FIRST) as work:
        house.clock.ahead += 2 * LEASE
        carry_out(work, None)
    assert len(house.rows("staff")) == len(house.truth("staff"))


def test_an_error_outside_xero_marks_the_run_as_failed_too(house: House) -> None:
    with pytest.raises(ZeroDivisionError), working_on(house, Entity.CLIENTS, FIRST):
        _ = 1 / 0
    (run,) = house.runs()
    assert (run.status, run.reason_key) == (RunStatus.FAILURE, "sync.failed")
    house.sync(Entity.CLIENTS)
    assert_clients_equal_truth(house)
