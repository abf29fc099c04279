"""Random sequences of edits, faults and syncs: after one calm full sync FYI has what XPM has.

`make test` lives through a few, `make check` through hundreds, a tenth of them on PostgreSQL. `XPM_SEQUENCES=3000` runs
as many (`make faults` does); `XPM_SEED=1234` runs one again.
"""

import os
from collections.abc import Iterator
from random import Random

import pytest
from _pytest.mark.structures import ParameterSet

from tests.sync.breaking.deeds import edit
from tests.sync.breaking.indoors import Indoors, indoors
from tests.sync.breaking.ledger import assert_books_balance
from tests.sync.breaking.weather import PERSUASIVE, turn_bad
from tests.sync.expected import assert_equals_truth
from xpm.entities.names import EVERYTHING
from xpm.pull.outcome import PullResult
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.words import Stopped
from xpm.xero.errors import XeroError

pytestmark = pytest.mark.no_cover  # the same code is run by other tests, and being watched takes half as long again

SEQUENCES = int(os.environ.get("XPM_SEQUENCES", "500"))

FEW = 6
"""How many run each time: what fits into a few seconds."""

CHUNK = 30  # sequences in one test; tests are what spreads over processes
ON_POSTGRESQL = 10  # every tenth chunk
ONE = os.environ.get("XPM_SEED")


def chunks() -> list[ParameterSet]:
    """The database and the seeds of each test."""
    if ONE:
        return [pytest.param(kind, range(int(ONE), int(ONE) + 1)) for kind in ("sqlite", "postgresql")]
    return [pytest.param("sqlite", range(FEW)), *map(deep_chunk, range(FEW, SEQUENCES, CHUNK))]


def deep_chunk(first: int) -> ParameterSet:
    """Many sequences, on PostgreSQL for every tenth chunk."""
    kind = "postgresql" if first // CHUNK % ON_POSTGRESQL == ON_POSTGRESQL // 2 else "sqlite"
    return pytest.param(kind, range(first, min(first + CHUNK, SEQUENCES)), marks=pytest.mark.deep)


@pytest.fixture
def house(kind: str, request: pytest.FixtureRequest) -> Iterator[Indoors]:
    """A connected practice on that kind of database."""
    database: Database = request.getfixturevalue(f"{kind}_database")
    with indoors(database) as house:
        yield house


@pytest.mark.parametrize(
    ("kind", "seeds"), chunks(), ids=lambda it: f"{it.start}-{it.stop - 1}" if isinstance(it, range) else it
)
def test_after_any_sequence_of_edits_faults_and_syncs_one_calm_sync_puts_everything_right(
    house: Indoors, seeds: range
) -> None:
    for seed in seeds:
        try:
            live_through(house, Random(seed), seed)
        except Exception as failure:
            raise AssertionError(f"seed {seed}: XPM_SEED={seed} runs it again") from failure


def live_through(house: Indoors, dice: Random, seed: int) -> None:
    """Some days of a practice whose Xero misbehaves, and one on which it does not."""
    house.move_in(seed)
    for _ in range(dice.randint(1, 4)):
        edit(house.xpm, dice, dice.randrange(6))
        faults = turn_bad(house, dice)
        if dice.random() < 0.5:
            edit_while_reading(house, dice)
            faults.add("edited meanwhile")
        attempt(house, dice, faults)
    house.calm()
    for entity in EVERYTHING:
        assert house.sync(entity).status is RunStatus.SUCCESS, entity
    assert_equals_truth(house)
    assert house.aside() == []
    assert_books_balance(house)


def edit_while_reading(house: Indoors, dice: Random) -> None:
    """From now on people edit between the calls of a sync."""

    def now_and_then(_call: int) -> None:
        if dice.random() < 0.3:
            edit(house.xpm, dice)

    house.wire.before = now_and_then


def attempt(house: Indoors, dice: Random, faults: set[str]) -> None:
    """Synchronise something, which may fail; what says that it succeeded did."""
    entity, mode = dice.choice(EVERYTHING), dice.choice((SyncMode.FULL, SyncMode.FULL, SyncMode.CHANGES))
    try:
        result = house.sync(entity, mode)
    except (XeroError, Stopped):
        return
    if mode is SyncMode.FULL and not faults & {*PERSUASIVE, "edited meanwhile"}:
        assert_as_good_as_it_looks(house, result)


def assert_as_good_as_it_looks(house: Indoors, result: PullResult) -> None:
    """No fault of these can pass unnoticed: the run succeeded and has all there is, or says that it has not."""
    if result.status is RunStatus.SUCCESS:
        assert result.source == result.stored == len(house.truth(result.entity)), result
