"""Records that change while they are read, call by call: the next run stores every change.

Until then no record is archived that existed all the time, and no older version replaces a newer one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.accounts import edits
from sandbox.accounts.account import Account
from tests.profiles import deep_but
from tests.pull.breaking.deeds import a_key, deleting
from tests.pull.breaking.indoors import Indoors, indoors
from tests.pull.breaking.ledger import assert_books_balance
from tests.pull.breaking.versions import Versions
from tests.pull.house import REMOVED
from xpm.entities.names import Entity
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.xero.errors import UnreadableAnswer

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

Deed = Callable[[Account, Random], None]
BEGUN = "BEGUN-"
"""The prefix of the numbers of jobs that are added meanwhile."""
MARKS = count()
"""Numbers the edits. No two write the same text, so a version tells when it was made."""


def mark() -> str:
    """A text that no edit wrote before."""
    return f"version {next(MARKS)}"


def current_jobs(practice: Account) -> list[str]:
    """The numbers of the jobs in XPM's list of current jobs."""
    return [practice.jobs.key(position) for position in practice.jobs.positions(lambda outline: outline.current)]


def known_current_jobs(practice: Account) -> list[str]:
    """Those that XPM's list had before the run. A job added meanwhile may be in a window alone: if it leaves the list
    of current jobs before the next run reads it, only the next full run finds that out."""
    return [job for job in current_jobs(practice) if not job.startswith(BEGUN)]


def change_current_job(practice: Account, dice: Random) -> None:
    """Change a field of a current job."""
    if current := current_jobs(practice):
        edits.change(practice, "jobs", dice.choice(current), {"Name": mark()})


def complete_current_job(practice: Account, dice: Random) -> None:
    """Complete a current job."""
    if known := known_current_jobs(practice):
        edits.change(practice, "jobs", dice.choice(known), {"Name": mark(), "State": "Completed"})


def delete_current_job(practice: Account, dice: Random) -> None:
    """Delete a current job, unless it is the last: an empty list would archive nothing."""
    if len(current_jobs(practice)) > 1 and (known := known_current_jobs(practice)):
        edits.delete(practice, "jobs", dice.choice(known))


def add_current_job(practice: Account, _dice: Random) -> None:
    """Add a job."""
    edits.add(practice, "jobs", {"ID": f"{BEGUN}{next(MARKS)}", "Name": mark(), "State": "Planned"})


def changing(entity: str, element: str, **content: str) -> Deed:
    """The edit that changes a field of a record."""

    def change(practice: Account, dice: Random) -> None:
        if key := a_key(getattr(practice, entity), dice):
            edits.change(practice, entity, key, {element: mark(), **content})

    return change


def delete_job(practice: Account, dice: Random) -> None:
    """Delete any job, unless it is the last."""
    if len(practice.jobs) > 1 and (job := a_key(practice.jobs, dice)):
        edits.delete(practice, "jobs", job)


def add_client(practice: Account, _dice: Random) -> None:
    """Add a client."""
    edits.add(practice, "clients", {"Name": mark()})


def add_tax_return(practice: Account, dice: Random) -> None:
    """Add a tax return."""
    if client := a_key(practice.clients, dice):
        content = {"returnId": mark(), "clientUuid": client, "taxType": "ITR", "year": 2025, "webUrl": mark()}
        edits.add(practice, "tax_returns", content)


CLIENT_DEEDS: Mapping[str, Deed] = {
    "add": add_client,
    "change": changing("clients", "Phone"),
    "archive": changing("clients", "Phone", IsArchived="Yes"),
    "bring back": changing("clients", "Phone", IsArchived="No"),
    "delete": changing("clients", "Phone", IsDeleted="Yes"),
}
CURRENT_JOB_DEEDS: Mapping[str, Deed] = {
    "add": add_current_job,
    "change": change_current_job,
    "complete": complete_current_job,
    "delete": delete_current_job,
}
"""XPM does not show an edit of a job that is completed already. The next full run finds it."""
CASES: Mapping[tuple[Entity, SyncMode, SyncMode], Mapping[str, Deed]] = {
    (Entity.TAX_RETURNS, SyncMode.FULL, SyncMode.FULL): {
        "add": add_tax_return,
        "change": changing("tax_returns", "webUrl"),
        "delete": deleting("tax_returns"),
    },
    (Entity.JOBS, SyncMode.FULL, SyncMode.FULL): {
        "add": add_current_job,
        "change": changing("jobs", "Name"),
        "complete": changing("jobs", "Name", State="Completed"),
        "reopen": changing("jobs", "Name", State="In Progress"),
        "delete": delete_job,
    },
    (Entity.JOBS, SyncMode.FULL, SyncMode.CHANGES): CURRENT_JOB_DEEDS,
    (Entity.JOBS, SyncMode.CHANGES, SyncMode.CHANGES): CURRENT_JOB_DEEDS,
    (Entity.CLIENTS, SyncMode.FULL, SyncMode.FULL): CLIENT_DEEDS,
    (Entity.CLIENTS, SyncMode.FULL, SyncMode.CHANGES): CLIENT_DEEDS,
    (Entity.CLIENTS, SyncMode.CHANGES, SyncMode.CHANGES): CLIENT_DEEDS,
}
"""What is read, in which mode, in which mode the next time, and the edits that happen meanwhile."""


@dataclass(frozen=True)
class Meanwhile:
    """An edit made just before a call of the run."""

    call: int
    deed: str
    luck: int


def meanwhile(deeds: Sequence[str]) -> st.SearchStrategy[list[Meanwhile]]:
    """Random edits, each before one of the first calls."""
    one = st.builds(Meanwhile, st.integers(0, 7), st.sampled_from(deeds), st.integers(0, 99))
    return st.lists(one, max_size=8)


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[Indoors]:
    """A practice without sockets, whose tax feed has small pages."""
    with indoors(sqlite_database) as house:
        yield house


@pytest.mark.parametrize("case", deep_but({(Entity.CLIENTS, SyncMode.FULL, SyncMode.CHANGES)}, CASES), ids=" ".join)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), seed=st.integers(0, 5), first=st.booleans())
def test_records_that_change_while_read_are_stored_by_the_next_run(
    house: Indoors, case: tuple[Entity, SyncMode, SyncMode], data: st.DataObject, seed: int, first: bool
) -> None:
    deeds, (entity, mode, next_mode) = CASES[case], case
    house.move_in(seed)
    if not first or mode is SyncMode.CHANGES:
        house.sync(entity)
    plan = data.draw(meanwhile(list(deeds)))
    versions = Versions(house, entity)
    carry_out(house, plan, deeds, versions)
    run_through(house, entity, mode)
    versions.assert_nothing_was_archived_wrongly()
    house.calm()
    house.wire.page_size = 2
    assert house.sync(entity, next_mode, confirm_missing=REMOVED).status is RunStatus.SUCCESS
    versions.assert_equals_truth()
    versions.assert_no_older_version_came_later()
    assert_books_balance(house)


def carry_out(house: Indoors, plan: Sequence[Meanwhile], deeds: Mapping[str, Deed], versions: Versions) -> None:
    """Let the edits happen while the next run reads."""
    at: Mapping[int, list[Meanwhile]] = defaultdict(list, {one.call: [] for one in plan})
    for one in plan:
        at[one.call].append(one)

    def edit(call: int) -> None:
        for one in at.get(call, ()):
            deeds[one.deed](house.xpm, Random(one.luck))
            versions.note()

    house.wire.reset()
    house.wire.page_size = 2
    house.wire.before = edit


def run_through(house: Indoors, entity: Entity, mode: SyncMode) -> None:
    """Run while edits are made. A feed whose total no longer matches its pages is refused, and archives nothing."""
    try:
        assert house.sync(entity, mode).status in {RunStatus.SUCCESS, RunStatus.ACTION_REQUIRED}
    except UnreadableAnswer:
        assert entity is Entity.TAX_RETURNS
        assert house.runs()[-1].archived == 0
