"""A sync killed before or after any commit, or before any statement, leaves nothing half-done, and a retry finishes it.

`make test` kills one sync at some of its steps, `make check` every sync; `XPM_KILLS=every` kills at every step, as
`make faults` does.
"""

import datetime as dt
import os
from collections.abc import Iterator
from random import Random

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.profiles import deep_but
from tests.pull.breaking.deeds import DEEDS, add_client, add_job
from tests.pull.breaking.dying import FLOW_RUN, Step, is_killed_at
from tests.pull.breaking.ledger import assert_books_balance, assert_killed_in_order
from tests.pull.conftest import UNLIMITED
from tests.pull.expected import assert_equals_truth
from tests.pull.house import REMOVED, House, opened
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

EVERY = os.environ.get("XPM_KILLS") == "every"
STRIDE = {Step.BEFORE_COMMIT: 3, Step.AFTER_COMMIT: 5, Step.BEFORE_WRITING: 11}
"""How many steps apart the kills are, unless every step is tried. Primes, so that they fall on different statements."""

GROWING, RARELY = (add_client, add_job), 0.25

FEWEST = {Step.BEFORE_COMMIT: 6, Step.AFTER_COMMIT: 6, Step.BEFORE_WRITING: 20}
"""The steps that each sync has at least: lease, run, batches, archiving, end, release of the lease."""


@pytest.fixture
def small_house(database: Database) -> Iterator[House]:
    """A connected practice with a few records of each kind, all synchronised."""
    world = small_world(jobs=1, clients=3, staff=3, returns=3, limits=UNLIMITED)
    start = world.clock.today() - dt.timedelta(days=30)
    with SandboxServer(world) as server, opened(server, database, history_start=start) as house:
        house.xpm.jobs.remove(0)
        house.sync_everything()
        yield house


def busy_day(house: House, dice: Random) -> None:
    """Make one edit of every kind, so that every statement of the sync has work.

    New clients and jobs are rarer: if each kill were followed by one more step, no sync would ever finish.
    """
    for deed in dict.fromkeys(DEEDS):
        if deed not in GROWING or dice.random() < RARELY:
            deed(house.xpm, dice)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("entity", deep_but({Entity.CLIENTS}, EVERYTHING))
def test_a_sync_killed_at_any_step_leaves_nothing_half_done_and_its_retry_finishes_it(
    small_house: House, entity: Entity, step: Step
) -> None:
    house, dice = small_house, Random(f"{entity} {step}")
    stride = 1 if EVERY else STRIDE[step]
    at = dice.randint(1, stride)
    kills = 0
    busy_day(house, dice)
    while is_killed_at(house, entity, step, at):
        kills += 1
        assert_killed_in_order(house)
        assert house.sync(entity, flow_run_id=FLOW_RUN, confirm_missing=REMOVED).status is RunStatus.SUCCESS
        assert_books_balance(house)
        busy_day(house, dice)
        at += stride
    assert kills >= FEWEST[step] // stride
    for each in EVERYTHING:
        assert house.sync(each, confirm_missing=REMOVED).status is RunStatus.SUCCESS
    assert_equals_truth(house)
    assert_books_balance(house)
    assert house.aside() == []
