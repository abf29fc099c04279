"""A replay reads quarantined records again from their stored payloads, after a fix, without asking Xero."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import update

from sandbox.accounts import edits
from sandbox.world import HARBOUR_VALE
from tests.pull.expected import assert_equals_truth
from tests.pull.house import SLUG, Clock, House
from tests.pull.test_aside import spoil_job
from xpm.activity.staleness import PATIENCE, watch_syncs
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.replay import replay
from xpm.store.pull import runs
from xpm.store.tables import Quarantine
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger


def set_aside(house: House, entity: Entity, path: str) -> Quarantine:
    """Make a sync in which one record is unreadable."""
    house.order("bad_record", path)
    house.sync(entity)
    house.calm()
    (entry,) = house.aside()
    return entry


def correct(house: House, entry: Quarantine, payload: str) -> None:
    """Stand in for a fix of ours: change the payload to one that the present models can read."""
    with house.database.write() as session:
        statement = update(Quarantine).where(Quarantine.id == entry.id)  # type: ignore[arg-type]  # a column
        session.connection().execute(statement.values(payload=payload))


@pytest.mark.also_on_postgresql("bytes come back as they were")
def test_records_that_are_readable_now_are_stored_by_a_run_of_its_own_without_a_call(house: House) -> None:
    house.sync(Entity.STAFF)
    entry = set_aside(house, Entity.CLIENTS, "client.api/list")
    key = entry.record_key or "11111111-2222-4333-8444-555555555555"
    correct(house, entry, f"<Client><UUID>{key}</UUID><Name>Readable now</Name></Client>")
    house.forget_calls()
    (summary,) = replay(house.integration, SLUG, "mere@example.test")
    assert house.asked() == []
    assert house.aside() == []
    (row,) = [row for row in house.rows("client") if row["uuid"] == key]
    run = house.runs()[-1]
    assert (row["name"], row["changed_by_run"]) == ("Readable now", run.id)
    assert (run.status, run.entity, run.person) == (RunStatus.SUCCESS, "clients", "mere@example.test")
    assert [change["record_key"] for change in house.rows("record_change") if change["run_id"] == run.id] == [key]
    assert summary.title == "Clients that were set aside and can be read now: 1"
    entries = [entry["title"] for entry in house.rows("practice_activity") if entry["run_id"] == run.id]
    assert entries == [summary.title]


def test_records_that_are_still_unreadable_stay_quarantined_with_todays_reason(house: House) -> None:
    entry = set_aside(house, Entity.JOBS, "job.api/list")
    correct(house, entry, "<Job><ID>J1</ID><StartDate>never</StartDate></Job>")
    (summary,) = replay(house.integration, SLUG)
    assert summary.status is ActivityStatus.ACTION_REQUIRED
    (left,) = house.aside()
    assert "StartDate" in left.reason
    assert left.run_id == house.runs()[-1].id
    assert house.runs()[-1].status is RunStatus.ACTION_REQUIRED


def test_a_payload_that_is_not_well_formed_stays_quarantined_too(house: House) -> None:
    entry = set_aside(house, Entity.CLIENTS, "client.api/list")
    correct(house, entry, "<Client><UUID>")
    replay(house.integration, SLUG)
    (left,) = house.aside()
    assert (left.record_key, left.reason) == (entry.record_key, "is not well-formed XML")


def test_entries_without_a_payload_are_left_to_the_next_sync(house: House) -> None:
    house.sync(Entity.JOBS)
    number = edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})["ID"]
    house.sync(Entity.JOBS)
    edits.delete(house.xpm, "jobs", number)
    house.order("status", f"job.api/get/{number}", status=500, times=0)
    house.sync(Entity.JOBS)
    (entry,) = house.aside()
    assert replay(house.integration, SLUG) == []
    assert house.aside() == [entry]


def test_with_an_empty_quarantine_there_is_no_run(house: House) -> None:
    assert replay(house.integration, SLUG) == []
    assert house.runs() == []


def test_a_replay_does_not_move_the_watermark_and_both_sides_agree(house: House) -> None:
    last = house.sync(Entity.CLIENTS)
    set_aside(house, Entity.CLIENTS, "client.api/list")
    replay(house.integration, SLUG)
    with house.database.read() as session:
        found = runs.last_successful(session, SLUG, HARBOUR_VALE, Entity.CLIENTS)
    assert found
    assert (found.id, found.watermark is not None) == (last.run_id, True)
    for entity in EVERYTHING:
        assert house.sync(entity).status is RunStatus.SUCCESS
    assert_equals_truth(house)


def test_a_replay_does_not_hide_that_an_entity_is_no_longer_synchronised(house: House) -> None:
    house.sync_everything()
    entry = set_aside(house, Entity.CLIENTS, "client.api/list")
    house.clock.ahead += 2 * PATIENCE
    overdue = watch_syncs(house.integration, SLUG)
    key = entry.record_key or "11111111-2222-4333-8444-555555555555"
    correct(house, entry, f"<Client><UUID>{key}</UUID><Name>Readable now</Name></Client>")
    replay(house.integration, SLUG)
    assert house.runs()[-1].trigger is SyncTrigger.REPLAY
    assert watch_syncs(house.integration, SLUG) == overdue


@pytest.mark.parametrize("mode", SyncMode)
def test_a_replay_does_not_restore_records_deleted_since(house: House, mode: SyncMode) -> None:
    number = edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})["ID"]
    house.sync(Entity.JOBS)
    spoil_job(house, number)
    house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert house.aside()
    edits.delete(house.xpm, "jobs", number)
    assert house.sync(Entity.JOBS, mode).archived == 1
    assert house.aside() == []
    assert replay(house.integration, SLUG) == []


def test_a_replay_that_starts_after_a_sync_does_not_overwrite_its_newer_versions(house: House) -> None:
    entry = set_aside(house, Entity.CLIENTS, "client.api/list")
    key = entry.record_key or house.truth("clients")[0]["UUID"]
    correct(house, entry, f"<Client><UUID>{key}</UUID><Name>As it was</Name></Client>")

    class SlowClock(Clock):
        """A clock that ends a sync under way when the replay looks at it, just before the replay begins its run."""

        asleep = True

        def __call__(self) -> dt.datetime:
            if self.asleep and house.aside():
                self.asleep = False
                house.sync(Entity.CLIENTS)
            return super().__call__()

    replay(replace(house.integration, clock=SlowClock()), SLUG)
    assert "As it was" not in {row["name"] for row in house.rows("client")}
    assert house.aside() == []
