"""Jobs from before the practice's history start are in no list, so they are asked for in turns."""

import datetime as dt
from collections.abc import Iterator

import pytest

from sandbox.accounts import edits
from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH
from tests.pull.breaking.ledger import assert_books_balance
from tests.pull.house import SLUG, House, connect, opened
from tests.pull.test_aside import spoil_job
from tests.undo.test_revert import take_back
from xpm.entities.entity import MOST_OF_FEW
from xpm.entities.names import Entity
from xpm.store import practices
from xpm.store.engine.database import Database
from xpm.store.vocabulary import ArchiveReason, RunStatus, SyncMode

BEFORE = dt.date(2021, 5, 4)
OLDER = [f"OLD-{number}" for number in range(10)]
THREE = {"xero_calls_per_day": 30}  # a tenth of these may be spent on jobs that no list has


@pytest.fixture
def house(server: SandboxServer, database: Database) -> Iterator[House]:
    """A practice with ten jobs from before its history that were once current and are now completed."""
    with opened(server, database, history_start=dt.date(2025, 1, 1)) as house:
        for number in OLDER:
            edits.add(house.xpm, "jobs", {"ID": number, "Name": "Estate", "State": "Planned"}, BEFORE)
        house.sync(Entity.JOBS)
        for number in OLDER:
            edits.change(house.xpm, "jobs", number, {"State": "Completed"})
        house.clock.ahead += dt.timedelta(days=1)
        house.sync(Entity.JOBS, SyncMode.CHANGES)
        house.clock.ahead += dt.timedelta(days=1)
        house.forget_calls()
        yield house


def verified(house: House) -> list[str]:
    """The jobs that were asked for one by one since the last look."""
    asked = [path.removeprefix("job.api/get/") for path in house.asked("job.api/get/")]
    house.forget_calls()
    return asked


@pytest.mark.also_on_postgresql("the order of rows")
def test_each_run_asks_for_a_few_jobs_until_all_had_their_turn(house: House) -> None:
    turns = []
    for _ in range(4):
        result = house.with_settings(**THREE).sync(Entity.JOBS)
        assert result.status is RunStatus.SUCCESS
        assert result.source == result.stored == len(house.active("job", "number"))
        turns.append(verified(house))
        house.clock.ahead += dt.timedelta(days=1)
    assert [len(turn) for turn in turns] == [3, 3, 3, 3]
    assert turns == [OLDER[0:3], OLDER[3:6], OLDER[6:9], [OLDER[9], *OLDER[0:2]]]


def test_the_run_reports_how_many_jobs_it_verified_and_the_oldest_verification_left(house: House) -> None:
    asked_one_by_one = house.clock() - dt.timedelta(days=1)
    summary = house.with_settings(**THREE).sync(Entity.JOBS).message
    assert summary.key == "sync.jobs_partly"
    assert "3 of 10 older jobs verified" in summary.title
    assert f"since {asked_one_by_one:%d %B %Y}" in summary.cause
    assert house.sync(Entity.JOBS).message.key == "sync.succeeded"
    assert sorted(verified(house)) == sorted([*OLDER, *OLDER[:3]])


def test_an_older_job_that_was_deleted_is_archived_when_its_turn_comes(house: House) -> None:
    edits.delete(house.xpm, "jobs", OLDER[4])
    for archived in (0, 1, 0):
        result = house.with_settings(**THREE).sync(Entity.JOBS)
        assert (result.archived, result.source) == (archived, result.stored)
    (row,) = [row for row in house.rows("job") if row["number"] == OLDER[4]]
    assert row["archived_reason"] is ArchiveReason.ABSENT


def test_missing_older_jobs_are_never_suspicious_but_missing_listed_jobs_are(house: House) -> None:
    for _ in range(5):
        edits.add(house.xpm, "jobs", {"Name": "Return", "State": "Completed"})
    house.with_settings(**THREE).sync(Entity.JOBS)
    verified(house)
    house.order("empty_list", "job.api/list", times=0)
    result = house.with_settings(**THREE).sync(Entity.JOBS)
    assert result.message.key == "sync.too_many_missing"
    assert verified(house) == []


def test_a_job_missing_from_its_window_goes_before_older_jobs(house: House) -> None:
    new = edits.add(house.xpm, "jobs", {"Name": "Return", "State": "Completed"})["ID"]
    house.with_settings(**THREE).sync(Entity.JOBS)
    verified(house)
    edits.delete(house.xpm, "jobs", new)
    assert house.with_settings(**THREE).sync(Entity.JOBS).archived == 1
    asked = verified(house)
    assert (asked[0], len(asked)) == (new, 3)


def state_of(house: House, number: str) -> str:
    """The state of a job in FYI."""
    (state,) = (str(row["state"]) for row in house.rows("job") if row["number"] == number)
    return state


def test_an_older_job_that_is_no_longer_current_goes_before_unchanged_ones(house: House) -> None:
    edits.change(house.xpm, "jobs", OLDER[9], {"State": "Planned", "CompletedDate": None})
    house.with_settings(**THREE).sync(Entity.JOBS)
    assert state_of(house, OLDER[9]) == "Planned"
    edits.change(house.xpm, "jobs", OLDER[9], {"State": "Completed"})
    verified(house)
    house.with_settings(**THREE).sync(Entity.JOBS)
    assert verified(house) == [OLDER[9], *OLDER[3:5]]
    assert state_of(house, OLDER[9]) == "Completed"


def test_an_older_job_whose_last_change_was_reverted_is_asked_for_first(house: House) -> None:
    edits.change(house.xpm, "jobs", OLDER[9], {"Name": "Trust"})
    before = {row["number"]: row for row in house.rows("job")}
    changed = house.sync(Entity.JOBS)
    assert changed.changed == 1
    take_back(house, run=changed.run_id)
    assert {row["number"]: row for row in house.rows("job")} == before
    verified(house)
    house.with_settings(**THREE).sync(Entity.JOBS)
    assert verified(house) == [OLDER[9], *OLDER[0:2]]


def test_a_listed_job_becomes_an_older_job_once_history_starts_later(house: House) -> None:
    edits.add(house.xpm, "jobs", {"Name": "Return", "State": "Completed"}, dt.date(2025, 6, 1))
    house.sync(Entity.JOBS)
    with house.database.write() as session:
        practices.update(session, SLUG, history_start=dt.date(2025, 5, 1))
    house.sync(Entity.JOBS)
    result = house.sync(Entity.JOBS)
    assert result.predicted_calls == result.calls


def test_an_unreadable_older_job_stays_quarantined_and_keeps_its_turn(house: House) -> None:
    spoil_job(house, OLDER[0])
    for turn in (OLDER[0:3], [OLDER[0], *OLDER[3:5]]):
        result = house.with_settings(**THREE).sync(Entity.JOBS)
        assert (result.status, sorted(verified(house))) == (RunStatus.ACTION_REQUIRED, turn)
        assert [house.name_of(entry.record_key or "") for entry in house.aside()] == [OLDER[0]]
    edits.change(house.xpm, "jobs", OLDER[0], {"Description": "About ten"})
    assert house.with_settings(**THREE).sync(Entity.JOBS).status is RunStatus.SUCCESS
    assert house.aside() == []


def test_older_jobs_for_which_xero_fails_stop_no_other_however_many(house: House) -> None:
    for number in OLDER[:5]:
        house.order("status", f"job.api/get/{number}", status=500, times=0)
    for _ in range(2):
        result = house.sync(Entity.JOBS)
        assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, 5)
        assert set(OLDER) <= set(verified(house))
    assert [house.name_of(entry.record_key or "") for entry in house.aside()] == OLDER[:5]


def test_a_dry_run_asks_for_the_same_jobs_and_uses_up_no_turn(house: House) -> None:
    house.with_settings(**THREE).preview(Entity.JOBS)
    expected = verified(house)
    house.with_settings(**THREE).sync(Entity.JOBS)
    assert verified(house) == expected == OLDER[:3]


def move_away(house: House) -> None:
    """Move the practice to another account, with both clocks set alike, since a consent expires within minutes."""
    house.server.world.clock.advance(house.clock.ahead.total_seconds())
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    had = len(house.active("job", "number"))
    house.sync(Entity.JOBS, confirm_missing=had)  # the other account has far fewer


def move_back(house: House) -> None:
    """Move the practice back to its own account."""
    connect(house.integration, run="the-return")
    house.forget_calls()


def test_after_moving_away_and_back_older_jobs_take_turns_until_all_are_current_again(house: House) -> None:
    move_away(house)
    move_back(house)
    turns = []
    for _ in range(4):
        result = house.with_settings(**THREE).sync(Entity.JOBS)
        assert (result.status, result.predicted_calls) == (RunStatus.SUCCESS, result.calls)
        assert result.source == result.stored == len(house.active("job", "number"))
        turns.append(sorted(verified(house)))
        house.clock.ahead += dt.timedelta(days=1)
    assert turns == [OLDER[0:3], OLDER[3:6], OLDER[6:9], [*OLDER[0:2], OLDER[9]]]
    assert set(OLDER) <= house.active("job", "number")


def test_older_jobs_that_wait_for_their_turn_after_moving_back_are_no_sudden_drop(house: House) -> None:
    more = [f"AGED-{number}" for number in range(60)]
    for number in more:
        edits.add(house.xpm, "jobs", {"ID": number, "Name": "Trust", "State": "Planned"}, BEFORE)
    house.sync(Entity.JOBS)
    for number in more:
        edits.change(house.xpm, "jobs", number, {"State": "Completed"})
    house.sync(Entity.JOBS)
    move_away(house)
    move_back(house)
    frugal = house.with_settings(**THREE)
    expected, result = frugal.preview(Entity.JOBS), frugal.sync(Entity.JOBS)
    assert (expected.status, result.message.key) == (RunStatus.SUCCESS, "sync.jobs_partly")


def test_jobs_deleted_while_the_practice_was_away_are_asked_for_once_and_not_suspicious(
    house: House,
) -> None:
    more = [f"AGED-{number}" for number in range(MOST_OF_FEW)]
    stay = [f"STAYS-{number}" for number in range(len(OLDER) + len(more))]  # enough are left, so no sudden drop
    for number in (*more, *stay):
        edits.add(house.xpm, "jobs", {"ID": number, "Name": "Trust", "State": "Planned"}, BEFORE)
    house.sync(Entity.JOBS)
    move_away(house)
    for number in (*OLDER, *more):
        edits.delete(house.xpm, "jobs", number)
    move_back(house)
    expected = house.preview(Entity.JOBS)
    verified(house)
    result = house.sync(Entity.JOBS)
    assert sorted(verified(house)) == sorted([*OLDER, *more])
    assert (result.status, result.changed) == (RunStatus.SUCCESS, len(OLDER) + len(more))
    assert (expected.changed, expected.source, expected.stored) == (result.changed, result.source, result.stored)
    gone = [row for row in house.rows("job") if row["number"] in {*OLDER, *more}]
    assert {row["archived_reason"] for row in gone} == {ArchiveReason.ABSENT}
    house.sync(Entity.JOBS)
    assert verified(house) == []
    assert_books_balance(house)
