"""A sync whose process is killed (SIGKILL) at any point leaves nothing half-written, and its retry finishes."""

import os
import random
import signal
from collections.abc import Callable
from multiprocessing.synchronize import Event

import pytest

from tests.processes import FORKED
from tests.profiles import deep_but
from tests.pull.expected import assert_equals_truth
from tests.pull.house import House
from tests.pull.worker import sync_and_hold
from xpm.entities.names import EVERYTHING, Entity
from xpm.settings import Settings
from xpm.store.vocabulary import RunStatus

DICE = random.Random(7)
POINTS = [
    *((Entity.JOBS, commit) for commit in sorted(DICE.sample(range(2, 20), 2))),
    *((Entity.CLIENTS, commit) for commit in sorted(DICE.sample(range(2, 8), 2))),
    (Entity.CUSTOM_FIELDS, 5),
]
"""Which commit of which sync is not reached. The first commit is the lease."""


def kill_at(house: House, entity: Entity, commit: int) -> None:
    """Synchronise in another process, and kill it when it is about to commit for the nth time."""
    kill_once_it_stops(house, sync_and_hold, entity, commit)


def kill_once_it_stops(
    house: House, work: Callable[[Settings, Entity, int, Event], None], entity: Entity, place: int
) -> None:
    """Let another process work until it stops at its place, and kill it there."""
    reached = FORKED.Event()
    worker = FORKED.Process(target=work, args=(house.integration.settings, entity, place, reached), daemon=True)
    worker.start()
    assert reached.wait(60), "the sync ended before that commit"
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("point", deep_but(POINTS[-2:], POINTS), ids=lambda point: f"{point[0]}-{point[1]}")
def test_a_killed_sync_is_finished_by_the_retry_of_its_flow_run(house: House, point: tuple[Entity, int]) -> None:
    entity, commit = point
    if entity is Entity.CUSTOM_FIELDS:
        house.sync(Entity.CLIENTS)
        house.sync(Entity.JOBS)
    kill_at(house, entity, commit)
    left = house.runs()[-1:]
    assert all(run.status is RunStatus.RUNNING for run in left if run.flow_run_id == "killed")
    assert house.sync(entity, flow_run_id="killed").status is RunStatus.SUCCESS
    killed = [run for run in house.runs() if run.flow_run_id == "killed"][:-1]
    assert len(killed) == (commit > 2)  # the second commit is the run's own row
    assert {run.reason_key for run in killed} <= {"sync.interrupted"}
    for each in EVERYTHING:
        assert house.sync(each).status is RunStatus.SUCCESS
    assert_equals_truth(house)
    assert house.aside() == []
