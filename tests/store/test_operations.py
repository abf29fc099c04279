"""Runs, quarantined records and Practice Activity."""

import datetime as dt
from typing import Any

import pytest
from sqlmodel import Session

from tests.store.kit import ACME, LATER, NOW, practice
from xpm.store import activity
from xpm.store.activity import ActivityEntry
from xpm.store.engine.database import Database
from xpm.store.errors import UnknownRun
from xpm.store.pull import quarantine, runs
from xpm.store.pull.runs import RunCounts
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger

pytestmark = pytest.mark.also_on_postgresql("the store itself")

EVENING = NOW + dt.timedelta(hours=10)


def begin(
    session: Session,
    entity: str = "jobs",
    now: dt.datetime = NOW,
    trigger: SyncTrigger = SyncTrigger.OVERNIGHT,
    slug: str = "acme",
) -> SyncRun:
    return runs.start(
        session,
        practice=slug,
        tenant_id=ACME.tenant_id,
        entity=entity,
        mode=SyncMode.FULL,
        trigger=trigger,
        now=now,
    )


def end(session: Session, run: SyncRun, status: RunStatus = RunStatus.SUCCESS) -> None:
    runs.finish(session, run.id, status, watermark=run.started_at, now=LATER)


def test_the_checkpoints_of_a_run_add_up(database: Database) -> None:
    with database.write() as session:
        practice(session)
        run_id = begin(session).id
        runs.checkpoint(session, run_id, RunCounts(added=5, calls=1, bytes=3_000_000_000))
        runs.checkpoint(session, run_id, RunCounts(added=2, unchanged=3, calls=1))
    with database.write() as session:
        run = runs.get(session, run_id)
        assert (run.added, run.unchanged, run.calls, run.bytes) == (7, 3, 2, 3_000_000_000)
        assert [one.id for one in runs.unfinished(session, "acme", "jobs")] == [run_id]
        end(session, run)
        assert runs.unfinished(session, "acme", "jobs") == []
        assert (run.status, run.finished_at) == (RunStatus.SUCCESS, LATER)


def test_the_last_successful_run_is_found_after_later_failures(database: Database) -> None:
    with database.write() as session:
        practice(session)
        earlier, good, bad = (begin(session, now=now) for now in (NOW, LATER, EVENING))
        end(session, earlier)
        end(session, good)
        end(session, bad, RunStatus.FAILURE)
        found = runs.last_successful(session, "acme", ACME.tenant_id, "jobs")
        assert found
        assert (found.id, found.watermark) == (good.id, LATER)
        assert runs.last_successful(session, "acme", ACME.tenant_id, "clients") is None
        assert runs.last_successful(session, "acme", "another tenant", "jobs") is None


def test_a_revert_is_a_successful_run_but_not_a_sync(database: Database) -> None:
    with database.write() as session:
        practice(session)
        sync, revert = begin(session), begin(session, now=EVENING, trigger=SyncTrigger.REVERT)
        end(session, sync)
        end(session, revert)
        found = runs.last_successful(session, "acme", ACME.tenant_id, "jobs")
        assert found
        assert found.id == revert.id
        assert runs.last_synced(session, "acme", ACME.tenant_id, "jobs") == sync.finished_at
        assert runs.last_synced(session, "acme", ACME.tenant_id, "clients") is None


def test_a_replay_of_quarantined_records_is_not_a_sync(database: Database) -> None:
    with database.write() as session:
        practice(session)
        sync, replay = begin(session), begin(session, now=EVENING, trigger=SyncTrigger.REPLAY)
        end(session, sync)
        end(session, replay)
        of = ("acme", ACME.tenant_id, "jobs")
        assert runs.last_successful(session, *of) == runs.last_finished(session, *of) == sync
        assert runs.last_synced(session, *of) == sync.finished_at
        assert runs.lately_successful(session, *of, complete=False, limit=2) == [sync]
        assert runs.latest(session, "acme")["jobs"].id == sync.id


def test_the_latest_run_of_each_entity_is_found_whatever_its_status(database: Database) -> None:
    with database.write() as session:
        practice(session)
        practice(session, "beta")
        end(session, begin(session, "jobs"))
        end(session, begin(session, "clients"))
        failed = begin(session, "jobs", LATER)
        end(session, failed, RunStatus.ACTION_REQUIRED)
        begin(session, "jobs", EVENING, slug="beta")
        latest = runs.latest(session, "acme")
        assert {entity: run.status for entity, run in latest.items()} == {
            "jobs": RunStatus.ACTION_REQUIRED,
            "clients": RunStatus.SUCCESS,
        }
        assert latest["jobs"].id == failed.id


def test_each_revert_shows_though_the_clock_was_turned_back(database: Database) -> None:
    with database.write() as session:
        practice(session)
        seen = [runs.last_reverts(session, "acme")]
        for entity, now in (("jobs", EVENING), ("jobs", NOW), ("clients", NOW - dt.timedelta(days=1))):
            begin(session, entity, now, SyncTrigger.OVERNIGHT)
            begin(session, entity, now, SyncTrigger.REVERT)
            seen.append(runs.last_reverts(session, "acme"))
        begin(session, "jobs", LATER)
        assert seen == [{}, {"jobs": 2}, {"jobs": 4}, {"clients": 2, "jobs": 4}]
        assert runs.last_reverts(session, "acme") == seen[-1]


def test_the_runs_of_a_flow_run_stay_in_their_order_though_the_clock_was_turned_back(database: Database) -> None:
    with database.write() as session:
        practice(session)
        made = [begin(session, entity, now) for now in (EVENING, NOW) for entity in ("clients", "jobs")]
        for run in made:
            run.flow_run_id = "flow-1"
        in_order = [made[0], made[2], made[1], made[3]]
        assert runs.named(session, "acme", "flow-1") == runs.begun_since(session, "acme", NOW) == in_order


def test_an_unknown_run_id_is_refused(database: Database) -> None:
    with database.write() as session, pytest.raises(UnknownRun):
        runs.finish(session, "nothing", RunStatus.SUCCESS, now=NOW)


def aside(session: Session, key: str | None, payload: str = "<Job/>", now: dt.datetime = NOW) -> int | None:
    entry = quarantine.put(
        session, ACME, "jobs", record_key=key, reason="no number", payload=payload, run_id=None, now=now
    )
    return entry.id


def test_a_record_is_quarantined_once_until_it_is_resolved(database: Database) -> None:
    with database.write() as session:
        practice(session)
        aside(session, "J1", "<Job>old</Job>")
        aside(session, "J1", "<Job>new</Job>", LATER)
        aside(session, "J2")
        listed = [(one.record_key, one.payload) for one in quarantine.unresolved(session, ACME, "jobs")]
        assert listed == [("J1", "<Job>new</Job>"), ("J2", "<Job/>")]
        assert quarantine.resolve(session, ACME, "jobs", ["J1", "J9"], EVENING) == 1
        assert quarantine.resolve(session, ACME, "clients", ["J2"], EVENING) == 0
        assert [one.record_key for one in quarantine.unresolved(session, ACME)] == ["J2"]


def test_each_record_without_a_key_stays_quarantined_until_dismissed(database: Database) -> None:
    with database.write() as session:
        practice(session)
        first, _second = aside(session, None), aside(session, None)
        assert first is not None
        assert quarantine.dismiss(session, first, LATER)
        assert not quarantine.dismiss(session, first, LATER)
        assert len(quarantine.unresolved(session, ACME, "jobs")) == 1


def test_a_payload_with_invalid_characters_is_stored(database: Database) -> None:
    with database.write() as session:
        practice(session)
        aside(session, "J1", "<Job>\x00\ud800 é</Job>")
        assert quarantine.unresolved(session, ACME)[0].payload == "<Job>\ufffd? é</Job>"


def entry(title: str, status: ActivityStatus = ActivityStatus.SUCCESS, **parts: Any) -> ActivityEntry:  # noqa: ANN401 - fields of an entry
    return ActivityEntry(practice="acme", at=NOW, status=status, kind="sync", title=title, counts={"added": 3}, **parts)


def test_practice_activity_is_paged_newest_first(database: Database) -> None:
    with database.write() as session:
        practice(session)
        practice(session, "beta")
        for number in range(5):
            activity.write(session, entry(f"entry {number}"))
        page = activity.recent(session, "acme", 2)
        assert [one.title for one in page] == ["entry 4", "entry 3"]
        assert [one.title for one in activity.recent(session, "acme", 2, before=page[-1].id)] == ["entry 2", "entry 1"]
        assert page[0].counts == {"added": 3}
        assert activity.recent(session, "beta") == []


@pytest.mark.parametrize("search", ["ÉCOLE", "école", "100%", "ana@", "NEXT_step", "straße"])
def test_practice_activity_search_ignores_case(database: Database, search: str) -> None:
    with database.write() as session:
        practice(session)
        activity.write(session, entry("Jobs of École synced", detail="100% of STRASSE", person="Ana@acme.example"))
        activity.write(session, entry("another", next_step="The next_step"))
        assert len(activity.recent(session, "acme", search=search)) == 1


@pytest.mark.parametrize("search", ["1__%", "nothing such"])
def test_a_search_treats_wildcards_as_plain_characters(database: Database, search: str) -> None:
    with database.write() as session:
        practice(session)
        activity.write(session, entry("100% of 100"))
        assert activity.recent(session, "acme", search=search) == []


def test_practice_activity_can_be_filtered_by_status(database: Database) -> None:
    with database.write() as session:
        practice(session)
        activity.write(session, entry("good"))
        activity.write(session, entry("bad", ActivityStatus.ACTION_REQUIRED))
        found = activity.recent(session, "acme", status=ActivityStatus.ACTION_REQUIRED)
        assert [(one.title, one.status.value) for one in found] == [("bad", "Action Required")]
