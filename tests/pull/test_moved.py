"""A practice that is moved to another account on purpose, and a revert of the move, after which no trace is left."""

from typing import Any

import pytest

from sandbox.accounts import edits
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE
from tests.conftest import BESIDE
from tests.pull.house import SLUG, House, connect, request
from tests.undo.test_revert import TABLES, state, take_back
from xpm.consent.removal import remove_superseded
from xpm.entities.names import Entity
from xpm.pull.outcome import PullResult
from xpm.pull.pull import run_pull
from xpm.quota.progress import Standing
from xpm.store.consent import connections
from xpm.store.pull import missing, runs
from xpm.store.records.kinds import SCHEMA
from xpm.store.records.leftovers import HISTORY
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import ArchiveReason, ConnectionState, RunStatus, SyncMode, SyncTrigger
from xpm.words import Stopped
from xpm.xero.errors import XeroUnavailable

ARCHIVABLE = [
    name for name in TABLES if name in {"client", "job", "staff", "tax_return", "client_group", "job_category"}
]


def of(rows: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["tenant_id"] == tenant]


def sync_all(house: House, run: str) -> dict[Entity, PullResult]:
    return {entity: house.sync(entity, flow_run_id=run) for entity in Entity}


@pytest.mark.also_on_postgresql("one path of the rule")
def test_after_a_move_only_the_records_of_the_new_account_are_current(house: House) -> None:
    sync_all(house, "before")
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    results = sync_all(house, "after")
    assert {result.status for result in results.values()} == {RunStatus.SUCCESS}
    for name in ARCHIVABLE:
        assert of(house.rows(name), HARBOUR_VALE)
        for row in of(house.rows(name), HARBOUR_VALE):
            assert row["archived_reason"] in {
                ArchiveReason.OTHER_ACCOUNT,
                ArchiveReason.ARCHIVED,
                ArchiveReason.DELETED,
            }
        assert any(row["archived_at"] is None for row in of(house.rows(name), COASTAL_BRANCH))


def test_reverting_a_move_restores_every_row(house: House) -> None:
    sync_all(house, "before")
    before = state(house)
    moment = house.clock()
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    sync_all(house, "after")
    sync_all(house, "the night after")
    take_back(house, since=moment)
    assert state(house) == before


@pytest.mark.also_on_postgresql("everything is forgotten by SQL")
def test_nothing_of_the_other_account_outlives_the_revert_but_the_history_of_it(house: House) -> None:
    """Asked of every table that names an account."""
    sync_all(house, "before")
    moment = house.clock()
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    house.order("bad_record", "client.api/list")
    house.order("new_element", "category.api/list")
    sync_all(house, "after")
    house.order("status", "job.api/list", status=500, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.JOBS, flow_run_id="failed")
    house.calm()
    scoped = {name for name, table in SCHEMA.tables.items() if "tenant_id" in table.c} - BESIDE
    theirs = {name for name in scoped if of(house.rows(name), COASTAL_BRANCH)}
    assert theirs >= {"current_job", "job_check", "custom_field_comparison", "quarantine", "finished_list"}
    ours = {name: of(house.rows(name), HARBOUR_VALE) for name in scoped - HISTORY}
    take_back(house, since=moment)
    left = {name for name in scoped if of(house.rows(name), COASTAL_BRANCH)}
    assert left <= HISTORY
    for name in ("current_job", "custom_field_comparison", "quarantine", "finished_list", "unknown_element"):
        assert of(house.rows(name), HARBOUR_VALE) == ours[name], name


def test_after_the_first_sync_is_reverted_nothing_of_the_account_is_left(house: House) -> None:
    sync_all(house, "first")
    take_back(house, run="first")
    for name, table in SCHEMA.tables.items():
        if "tenant_id" in table.c and name not in HISTORY | BESIDE:
            assert house.rows(name) == [], name


def test_no_list_or_check_is_kept_of_a_job_that_a_revert_removed(house: House) -> None:
    sync_all(house, "before")
    edits.add(house.xpm, "jobs", {"ID": "NEW", "Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS, flow_run_id="second")
    key = house.key_of("NEW")
    for name in ("current_job", "job_check"):
        assert key in {row["key"] for row in house.rows(name)}
    take_back(house, run="second")
    for name in ("current_job", "job_check"):
        assert key not in {row["key"] for row in house.rows(name)}
    assert house.sync(Entity.JOBS).added == 1


def test_after_a_reverted_move_a_reconnect_to_the_former_account_needs_no_confirmation(house: House) -> None:
    sync_all(house, "before")
    before = state(house)
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    sync_all(house, "after")
    take_back(house, run="after")
    with house.database.read() as session:
        connection = connections.get(session, SLUG)
    assert (connection.state, connection.tenant_id) == (ConnectionState.NEEDS_RECONNECT, HARBOUR_VALE)
    connect(house.integration, run="the-return", confirmed=False)
    results = sync_all(house, "back again")
    assert state(house) == before
    assert {(one.added, one.changed, one.archived) for one in results.values()} == {(0, 0, 0)}


def test_after_the_syncs_of_both_accounts_are_reverted_a_sync_of_changes_reads_everything(
    house: House,
) -> None:
    moment = house.clock()
    house.sync(Entity.CLIENTS)
    current = house.active("client", "uuid")
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    house.sync(Entity.CLIENTS)
    take_back(house, since=moment)
    assert house.rows("client") == []
    connect(house.integration, run="the-return")
    house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert house.active("client", "uuid") == current


def test_a_sync_under_way_stores_nothing_more_once_the_practice_has_moved(house: House) -> None:
    def move(_: Standing) -> None:
        with house.database.read() as session:
            moved = connections.get(session, SLUG).tenant_id == COASTAL_BRANCH
        if not moved:
            connect(house.integration, COASTAL_BRANCH, run="the-move")

    with pytest.raises(Stopped) as stopped:
        run_pull(house.integration, request(Entity.JOBS), move)
    assert stopped.value.message.key == "sync.moved"
    assert house.rows("job_category") == house.rows("job") == []


def test_a_sync_under_way_finishes_if_its_practice_is_reconnected_to_the_same_account(house: House) -> None:
    def reconnect(_: Standing) -> None:
        with house.database.read() as session:
            again = connections.history(session, SLUG, limit=1)[0].flow_run_id == "the-next"
        if not again:
            connect(house.integration, run="the-next")
            remove_superseded(house.integration, SLUG, flow_run_id="the-next")

    assert run_pull(house.integration, request(Entity.JOBS), reconnect).status is RunStatus.SUCCESS


def test_a_practice_that_moves_back_has_its_records_again(house: House) -> None:
    sync_all(house, "before")
    current = {
        name: house.active(name, key) for name, key in (("client", "uuid"), ("job", "number"), ("staff", "uuid"))
    }
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    sync_all(house, "away")
    connect(house.integration, run="the-return")
    results = sync_all(house, "back again")
    assert {result.status for result in results.values()} == {RunStatus.SUCCESS}
    assert {name: house.active(name, "number" if name == "job" else "uuid") for name in current} == current


@pytest.mark.parametrize("entity", [Entity.CLIENTS, Entity.JOBS])
def test_the_first_sync_after_moving_back_reads_everything_even_in_mode_changes(house: House, entity: Entity) -> None:
    def current() -> list[tuple[str, str]]:
        rows = house.rows("client" if entity is Entity.CLIENTS else "job")
        return sorted((row["tenant_id"], row["name"]) for row in rows if row["archived_at"] is None)

    house.sync(entity)
    before = current()
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    house.sync(entity)
    connect(house.integration, run="the-return")
    assert house.sync(entity, SyncMode.CHANGES).status is RunStatus.SUCCESS
    assert current() == before


def test_a_run_killed_before_the_practice_moved_does_not_look_as_if_it_still_runs(house: House) -> None:
    with house.database.write() as session:
        runs.start(
            session,
            practice=SLUG,
            tenant_id=HARBOUR_VALE,
            entity=Entity.STAFF,
            mode=SyncMode.FULL,
            trigger=SyncTrigger.OVERNIGHT,
            now=house.clock(),
        )
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    house.sync(Entity.STAFF)
    assert [run.status for run in house.runs()] == [RunStatus.FAILURE, RunStatus.SUCCESS]


EMPTY = "<Response><Status>OK</Status><Clients/></Response>"


def moved(house: House) -> set[str]:
    """Sync the clients, move the practice to the other account, and return the former account's current clients."""
    house.sync(Entity.CLIENTS)
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    return house.active("client", "uuid")


@pytest.mark.also_on_postgresql("accounts are told apart by SQL")
def test_an_empty_first_list_of_the_new_account_archives_nothing_of_the_former_one(house: House) -> None:
    former = moved(house)
    house.order("status", "client.api/list", status=200, body=EMPTY)
    result = house.sync(Entity.CLIENTS)
    assert (result.status, result.message.key) == (RunStatus.ACTION_REQUIRED, "sync.few_after_move")
    assert (result.archived, house.active("client", "uuid")) == (0, former)
    again = house.sync(Entity.CLIENTS, SyncMode.CHANGES)  # nothing was settled, so everything is asked for again
    assert again.status is RunStatus.SUCCESS
    assert house.active("client", "uuid").isdisjoint(former)


@pytest.mark.also_on_postgresql("the missing records are named by SQL")
def test_the_former_accounts_records_are_named_and_archived_once_a_person_confirms_them(house: House) -> None:
    former = moved(house)
    house.order("status", "client.api/list", status=200, body=EMPTY, times=0)
    assert f"--confirm-missing {len(former)} " in house.sync(Entity.CLIENTS).message.next
    with house.database.read() as session:
        (doubted,) = missing.find(session, Scope(SLUG, COASTAL_BRANCH))
        named = missing.named(session, Scope(SLUG, COASTAL_BRANCH), doubted, limit=100)
    assert (doubted.is_of_former_account, {one.key for one in named}) == (True, former)
    assert house.sync(Entity.CLIENTS, confirm_missing=len(former) - 1).archived == 0
    confirmed = house.sync(Entity.CLIENTS, confirm_missing=len(former))
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, len(former))
    assert house.active("client", "uuid") == set()


@pytest.mark.parametrize("entity", [Entity.STAFF, Entity.JOBS])
def test_after_a_move_a_list_with_far_fewer_records_needs_a_person(sqlite_house: House, entity: Entity) -> None:
    house, kind = sqlite_house, "staff" if entity is Entity.STAFF else "jobs"
    there = len(house.server.world.accounts[COASTAL_BRANCH].staff)
    for number in range(2 * there + 40):
        edits.add(house.xpm, kind, {"Name": f"Former {number}"} | ({"State": "Planned"} if kind == "jobs" else {}))
    house.sync(entity)
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    result = house.sync(entity)
    assert (result.status, result.message.key, result.archived) == (
        RunStatus.ACTION_REQUIRED,
        "sync.few_after_move",
        0,
    )


def test_a_dry_run_says_that_the_new_accounts_list_is_too_short(house: House) -> None:
    moved(house)
    house.order("status", "client.api/list", status=200, body=EMPTY)
    told = house.preview(Entity.CLIENTS)
    assert (told.status, told.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert not [change for change in told.changes if change.kind == "client"]
    assert "has far fewer than the" in told.message.title


def test_an_accompanying_list_of_the_new_account_that_is_empty_archives_nothing_either(house: House) -> None:
    for number in range(8):
        edits.add(house.xpm, "categories", {"Name": f"Category {number}"})
    house.sync(Entity.JOBS)
    connect(house.integration, COASTAL_BRANCH, run="the-move")
    former = house.active("job_category", "uuid")
    house.order("empty_list", "category.api/list")
    result = house.sync(Entity.JOBS)
    assert (result.status, result.message.key) == (RunStatus.ACTION_REQUIRED, "sync.few_after_move")
    assert house.active("job_category", "uuid") == former
