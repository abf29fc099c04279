"""A request that fails is tried a few times in a run, whoever tries it, and the message says how often."""

import datetime as dt

import pytest

from tasks.retrying import MOST_TRIES, WAITS
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.pull.summary import message_of
from xpm.store.vocabulary import RunStatus
from xpm.xero.errors import XeroError

STEP_TRIES = 1 + len(WAITS)
FAULTS = [{"kind": "reset"}, {"kind": "status", "status": 503}, {"kind": "truncate", "at_bytes": 40}]


def fail(house: House, flow_run_id: str = "run") -> XeroError:
    with pytest.raises(XeroError) as failed:
        house.sync(Entity.STAFF, flow_run_id=flow_run_id)
    return failed.value


@pytest.mark.also_on_postgresql("failed tries")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["kind"])
def test_the_retries_of_the_request_and_of_the_step_do_not_multiply(house: House, fault: dict[str, object]) -> None:
    house.order(path="staff.api/list", times=0, **fault)  # type: ignore[arg-type]
    house.forget_calls()
    last = [fail(house) for _ in range(STEP_TRIES)][-1]
    tried = len(house.asked("staff.api/list"))
    assert tried <= MOST_TRIES
    assert last.tries == tried
    assert f"It was tried {tried} times." in message_of(Entity.STAFF, last).text


def test_a_short_outage_is_bridged_by_the_retries_of_the_request_alone(house: House) -> None:
    house.order("status", "staff.api/list", status=503, times=3)
    assert house.sync(Entity.STAFF, flow_run_id="run").status is RunStatus.SUCCESS


def test_another_run_and_a_later_retry_start_afresh(house: House) -> None:
    house.order("reset", "staff.api/list", times=0)
    first = fail(house).tries
    assert fail(house, "another run").tries == first
    house.clock.ahead += dt.timedelta(hours=2)
    assert fail(house).tries == first
