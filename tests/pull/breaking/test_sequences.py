"""Random sequences of edits, faults and syncs: after one full sync without faults FYI has what XPM has.

`make test` runs a few, `make check` hundreds, a tenth of them on PostgreSQL. `XPM_SEQUENCES=3000` runs that many (as
`make faults` does); `XPM_SEED=1234` repeats one.
"""

import os
from collections.abc import Iterator
from random import Random

import pytest
from _pytest.mark.structures import ParameterSet

from tests.pull.breaking.deeds import edit
from tests.pull.breaking.indoors import Indoors, indoors
from tests.pull.breaking.ledger import assert_books_balance
from tests.pull.breaking.weather import PERSUASIVE, order_faults
from tests.pull.expected import assert_equals_truth
from tests.pull.house import REMOVED
from xpm.entities.names import EVERYTHING
from xpm.pull.outcome import PullResult
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.words import Stopped
from xpm.xero.errors import XeroError

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

SEQUENCES = int(os.environ.get("XPM_SEQUENCES", "350"))

FEW = 6
"""How many sequences run each time: as many as fit into a few seconds."""

CHUNK = 30  # sequences in one test; the tests are spread over processes
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
def test_after_any_sequence_of_edits_faults_and_syncs_one_clean_sync_puts_everything_right(
    house: Indoors, seeds: range
) -> None:
    for seed in seeds:
        try:
            run_days(house, Random(seed), seed)
        except Exception as failure:
            raise AssertionError(f"seed {seed}: XPM_SEED={seed} runs it again") from failure


def run_days(house: Indoors, dice: Random, seed: int) -> None:
    """Some days on which Xero misbehaves, and one on which it does not."""
    house.move_in(seed)
    for _ in range(dice.randint(1, 4)):
        edit(house.xpm, dice, dice.randrange(6))
        faults = order_faults(house, dice)
        if dice.random() < 0.5:
            edit_while_reading(house, dice)
            faults.add("edited meanwhile")
        attempt(house, dice, faults)
    house.calm()
    for entity in EVERYTHING:
        assert house.sync(entity, confirm_missing=REMOVED).status is RunStatus.SUCCESS, entity
    assert_equals_truth(house)
    assert house.aside() == []
    assert_books_balance(house)


def edit_while_reading(house: Indoors, dice: Random) -> None:
    """Let people edit between the calls of a sync from now on."""

    def now_and_then(_call: int) -> None:
        if dice.random() < 0.3:
            edit(house.xpm, dice)

    house.wire.before = now_and_then


def attempt(house: Indoors, dice: Random, faults: set[str]) -> None:
    """Synchronise something, which may fail. If it reports success, it must have succeeded."""
    entity, mode = dice.choice(EVERYTHING), dice.choice((SyncMode.FULL, SyncMode.FULL, SyncMode.CHANGES))
    try:
        result = house.sync(entity, mode)
    except (XeroError, Stopped):
        return
    if mode is SyncMode.FULL and not faults & {*PERSUASIVE, "edited meanwhile"}:
        assert_reported_truthfully(house, result)


def assert_reported_truthfully(house: Indoors, result: PullResult) -> None:
    """None of these faults goes unnoticed: the run succeeded and has everything, or reports that it has not."""
    if result.status is RunStatus.SUCCESS:
        assert result.source == result.stored == len(house.truth(result.entity)), result
