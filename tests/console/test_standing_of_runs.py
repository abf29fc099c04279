"""What a run's page says of a run that waits, was left out in part, or ended badly: the cause decides what to do."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import pytest

from console.runs import StepState, TaskSeen
from tests.console.office import HARBOUR, LEO, SAM, Office, text_of
from xpm.entities.names import Entity
from xpm.store import practices
from xpm.store.pull import runs
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode, SyncTrigger

START_AGAIN, RECONNECT = "Start again", "Reconnect XPM"
JOBS_LEFT_OUT = "sync.skipped_jobs"


def ended(office: Office, run_id: UUID, entity: str, key: str, resumes_at: datetime | None = None) -> None:
    """End a sync of an entity in a run: parked if it is to be resumed, and else left out for the reason `key`."""
    status = RunStatus.PARKED if resumes_at else RunStatus.SKIPPED
    office.synced(entity, run_id, status, reason_key=key, resumes_at=resumes_at)


def shown(office: Office, run_id: UUID) -> str:
    return text_of(office.get(f"/runs/{run_id}"))


def test_a_run_whose_worker_is_at_work_is_not_said_to_have_none(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    office.runs.move(run_id, StepState.STARTING, due=long_ago, is_polled=True)
    said = shown(office, run_id)
    assert "worker" not in said
    assert said.count("The run starts or goes on within half a minute") == 2  # for eyes and for screen readers
    office.runs.move(run_id, StepState.STARTING, due=long_ago, is_polled=False)
    assert "The run waits for a worker, but no worker is at work" in shown(office, run_id)


def test_a_run_that_was_scheduled_anew_a_moment_ago_is_not_late(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.STARTING, due=datetime.now(UTC), is_polled=False)
    assert "worker" not in shown(office, run_id)


def test_a_run_that_is_scheduled_for_later_says_when_it_starts(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.STARTING, due=datetime(2031, 3, 2, 8, 30, tzinfo=UTC), is_polled=False)
    assert "This run starts by itself on 2 Mar 2031, 19:30" in shown(office, run_id)
    assert "worker" not in shown(office, run_id)


def test_while_a_step_waits_to_be_tried_again_the_page_says_why_and_when(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.CLIENTS])
    office.synced("clients", run_id, RunStatus.FAILURE)
    office.happened("sync.tries_again", run=run_id, what="Clients", reason="Xero answered 503.", seconds=30)
    again = TaskSeen(
        name="Sync clients", stage=StepState.RUNNING, again_at=datetime.now(UTC) + timedelta(seconds=33, minutes=9)
    )
    office.runs.move(run_id, StepState.RUNNING, tasks=(again,))
    page = shown(office, run_id)
    assert "Clients: waiting for Xero; the next try follows in about 30 seconds" in page
    assert "Xero answered 503." in page
    assert "● Sync clients tries again in 57" in page
    assert "Clients Waiting" in page
    assert "Failure" not in page
    office.runs.move(run_id, StepState.FAILED, tasks=())
    assert "Clients Failure" in shown(office, run_id)


def test_the_page_says_in_a_word_how_a_run_ended_and_not_by_its_colour_alone(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.STAFF])
    office.runs.move(run_id, StepState.RUNNING)
    assert "Failure" not in shown(office, run_id)
    office.runs.move(run_id, StepState.FAILED)
    assert "Failure" in shown(office, run_id)


def test_a_sync_that_was_tried_again_shows_its_last_try_though_the_clock_was_turned_back(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.CLIENTS])
    first = office.synced("clients", run_id, RunStatus.FAILURE)
    with office.integration.database.write() as session:
        runs.get(session, first.id).started_at += timedelta(hours=1)
    office.synced("clients", run_id, unchanged=24)
    office.runs.move(run_id, StepState.COMPLETED, ["Sync clients"])
    assert "Clients Success" in shown(office, run_id)


def test_what_was_left_out_stays_a_step_with_its_reason(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.JOBS, Entity.STAFF])
    ended(office, run_id, "jobs", JOBS_LEFT_OUT)
    office.synced("staff", run_id)
    office.runs.move(run_id, StepState.COMPLETED, ["Sync staff"])
    assert "Sync jobs Jobs were left out because Maintain Jobs in FYI is On · left out" in shown(office, run_id)


def test_sync_all_asks_for_everything_and_the_run_leaves_out_what_is_held_back(office: Office) -> None:
    office.connect()
    with office.integration.database.write() as session:
        practices.change_settings(
            session, HARBOUR, {"maintain_jobs": True}, person=None, now=office.integration.clock()
        )
    office.log_in(LEO).post(f"/practices/{HARBOUR}/sync", {"entities": "all", "mode": "full"})
    assert office.runs.started[0]["entities"] == list(Entity)
    refused = office.post(f"/practices/{HARBOUR}/sync", {"entities": "jobs", "mode": "full"})
    assert refused.status_code == 409
    assert len(office.runs.started) == 1


def test_a_parked_sync_says_until_when_and_offers_nothing(office: Office) -> None:
    office.connect()
    run_id = office.runs.add(HARBOUR, entities=[Entity.CLIENTS])
    until = datetime.now(UTC) + timedelta(hours=5)
    ended(office, run_id, "clients", "sync.parked", until)
    office.happened("runbook.reconnected_parked", run=run_id, practice="Harbour & Vale", remarks="")
    failed = TaskSeen(name="Sync clients", stage=StepState.FAILED)
    office.runs.move(run_id, StepState.COMPLETED, tasks=(failed,))
    page = office.get(f"/runs/{run_id}").text
    assert "is reconnected, but not up to date yet; the sync continues by itself" in page
    assert 'class="panel wait"' in page
    assert 'class="badge bad"' not in page
    assert "○ Sync clients continues on" in text_of(office.get(f"/runs/{run_id}"))
    assert f">{START_AGAIN}<" not in page


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_RECONNECT, ConnectionState.PRIVILEGE_LOST])
def test_a_run_that_ended_because_the_connection_broke_leads_to_the_reconnect(
    office: Office, state: ConnectionState
) -> None:
    office.bring_into(state)
    run_id = office.runs.add(HARBOUR, "sync", [Entity.STAFF])
    office.runs.move(run_id, StepState.FAILED)
    page = office.get(f"/runs/{run_id}").text
    assert f'href="/practices/{HARBOUR}#reconnect">{RECONNECT}</a>' in page
    assert f">{START_AGAIN}<" not in page
    assert f">{RECONNECT}<" not in office.log_in(LEO).get(f"/runs/{run_id}").text


def test_a_sync_that_ended_badly_is_started_again_for_what_is_missing_alone(office: Office) -> None:
    office.connect()
    run_id = office.runs.add(HARBOUR, "sync", [Entity.CLIENTS, Entity.STAFF, Entity.JOBS])
    office.synced("clients", run_id)
    office.synced("staff", run_id, RunStatus.FAILURE)
    office.runs.move(run_id, StepState.FAILED, mode=SyncMode.CHANGES)
    page = office.log_in(LEO).get(f"/runs/{run_id}").text
    assert f">{START_AGAIN}<" in page
    for field in ('name="mode" value="changes"', 'name="entities" value="jobs"', 'name="entities" value="staff"'):
        assert field in page
    assert 'name="entities" value="clients"' not in page
    office.post(f"/practices/{HARBOUR}/sync", {"mode": "changes", "entities": ["jobs", "staff"]})
    assert office.runs.started[0]["entities"] == ["jobs", "staff"]


def test_a_reconnect_that_changed_nothing_leads_back_to_its_form_for_whoever_may(office: Office) -> None:
    office.connect()
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.FAILED)
    assert f'#reconnect">{START_AGAIN}</a>' in office.log_in(SAM).get(f"/runs/{run_id}").text
    assert f">{START_AGAIN}<" not in office.log_in(LEO).get(f"/runs/{run_id}").text


@pytest.mark.parametrize("stage", [StepState.RUNNING, StepState.COMPLETED])
def test_a_run_that_goes_on_or_ended_well_offers_nothing(office: Office, stage: StepState) -> None:
    office.connect()
    run_id = office.runs.add(HARBOUR, "sync", [Entity.STAFF])
    office.runs.move(run_id, stage)
    assert f">{START_AGAIN}<" not in office.get(f"/runs/{run_id}").text


def test_no_sentence_tells_an_administrator_to_retry_a_run_in_prefect() -> None:
    catalogue = tomllib.loads(files("xpm.words").joinpath("catalogue.toml").read_text("utf-8"))
    theirs = {chapter: texts for chapter, texts in catalogue.items() if chapter not in {"operator", "notify"}}
    assert not re.findall("[^.]*[Rr]etry (?:the run|it) in Prefect[^.]*", str(theirs))


def test_a_sync_of_changes_keeps_the_last_full_count_and_its_time(office: Office) -> None:
    office.connect()
    full = office.synced("clients", source_count=397, stored_count=397, left_out=53, unchanged=397)
    with office.integration.database.write() as session:
        runs.get(session, full.id).finished_at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    office.synced("clients", mode=SyncMode.CHANGES, changed=2)
    page = text_of(office.get(f"/practices/{HARBOUR}"))
    counted = "397 and 53 archived or deleted, left out on 2 Mar 2026, 19:00"
    assert f"Clients changes only Success {counted} 397 0 2 0 \N{EN DASH} 0" in page
    assert "not counted" not in page


def test_a_full_count_names_what_it_leaves_out_and_needs_no_time(office: Office) -> None:
    office.connect()
    office.synced("clients", source_count=397, stored_count=397, left_out=53, unchanged=397)
    page = text_of(office.get(f"/practices/{HARBOUR}"))
    assert "Clients Success 397 and 53 archived or deleted, left out 397 0 0 0 397 0" in page


def test_definitions_and_compared_values_are_told_apart(office: Office) -> None:
    office.connect()
    run_id = office.runs.add(HARBOUR, "sync", [Entity.CUSTOM_FIELDS])
    office.synced("custom_field_definitions", run_id, source_count=11, stored_count=11, unchanged=11, compared=1587)
    office.runs.move(run_id, StepState.COMPLETED, ["Sync custom fields"])
    said = "definitions; values of 1,587 clients and jobs compared"
    assert f"Custom fields {said}" in text_of(office.get(f"/practices/{HARBOUR}"))
    assert "✓ Sync custom fields 11 definitions, values of 1,587 clients and jobs · done" in shown(office, run_id)


@pytest.mark.parametrize("key", ["sync.records_chosen", "sync.chosen_partly_read"])
def test_a_sync_of_chosen_records_does_not_look_like_one_of_all(office: Office, key: str) -> None:
    office.connect()
    office.synced("jobs", source_count=1200, stored_count=1200)
    office.synced("jobs", reason_key=key, changed=1)
    assert "Jobs chosen records only Success 1,200 on " in text_of(office.get(f"/practices/{HARBOUR}"))


def test_after_a_revert_no_count_is_claimed(office: Office) -> None:
    office.connect()
    office.synced("staff", source_count=4, stored_count=4)
    office.synced("staff", trigger=SyncTrigger.REVERT, removed=4)
    assert "Staff Taken back not counted not counted" in text_of(office.get(f"/practices/{HARBOUR}"))
