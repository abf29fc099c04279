"""What the pages show in every state of a practice and of a run."""

from datetime import UTC, datetime, timedelta

import pytest

from console.runs import StepState, TaskSeen
from tests.console.conftest import settings
from tests.console.office import HARBOUR, LEO, MERE, SAM, Office, office_over, text_of
from xpm.entities.names import Entity
from xpm.store import people, practices
from xpm.store.engine.database import Database
from xpm.store.pull import quarantine
from xpm.store.records.bulk import Scope
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncTrigger
from xpm.words import message

APPS = f"/practices/{HARBOUR}"
TENANT = "3f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d41"
BROKEN = {ConnectionState.NEEDS_RECONNECT, ConnectionState.DISCONNECTED, ConnectionState.PRIVILEGE_LOST}


@pytest.mark.parametrize("state", ConnectionState)
def test_every_page_renders_in_every_state_of_the_connection(office: Office, state: ConnectionState) -> None:
    office.bring_into(state)
    pages = ("/", APPS, f"{APPS}/activity", f"{APPS}/set-aside")
    assert [office.get(page).status_code for page in pages] == [200] * len(pages)


@pytest.mark.parametrize("state", sorted(BROKEN))
def test_a_broken_connection_shows_a_box_with_cause_and_next_step(office: Office, state: ConnectionState) -> None:
    office.bring_into(state)
    shown = text_of(office.get(APPS))
    facts = {"practice": "Harbour", "tenant": "Harbour", "person": "Mere", "since": ""}
    assert message(f"state.{state}", **facts).title.removeprefix("Harbour").removeprefix("Mere") in shown
    assert "What to do:" in shown


def test_a_needed_reconnect_is_announced_in_fyis_own_words(office: Office) -> None:
    office.bring_into(ConnectionState.NEEDS_RECONNECT)
    assert "<h2>XPM needs to reconnect</h2>" in office.get(APPS).text


def test_a_connected_practice_shows_its_account_person_and_local_time(office: Office) -> None:
    office.connect()
    shown = text_of(office.get(APPS))
    assert "Harbour &amp; Vale" in shown
    assert "Connected by Mere Tāne" in shown
    assert "Australia/Sydney" in shown
    assert "needs to reconnect" not in shown


def test_the_sync_window_says_what_each_sync_would_ask_of_xero(office: Office) -> None:
    office.connect()
    office.synced("clients", source_count=300, calls=2, bytes=1_200_000)
    shown = text_of(office.get(APPS))
    assert "Sync Clients: about 2 requests, 1.2 MB, 1 minute at 60 requests a minute" in shown
    assert "Sync Staff: about 1 request, size unknown, 1 minute at 60 requests a minute" in shown
    assert "Sync Tax Returns: how much a first sync asks of Xero is unknown" in shown


def test_the_table_of_last_syncs_shows_predicted_and_actual_requests(office: Office) -> None:
    office.connect()
    office.synced("clients", source_count=300, calls=3, predicted_calls=2)
    assert "3 (2)" in text_of(office.get(APPS))


def test_a_reverted_sync_is_not_shown_as_a_success(office: Office) -> None:
    office.connect()
    office.synced("clients", trigger=SyncTrigger.REVERT)
    shown = text_of(office.get(APPS))
    assert "Clients Taken back" in shown
    assert "Clients Success" not in shown


def test_a_reconnect_under_way_leads_to_its_run(office: Office) -> None:
    run_id, _ = office.invited()
    shown = office.get(APPS).text
    assert "Mere Tāne is reconnecting XPM" in shown
    assert f'href="/runs/{run_id}"' in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_active": False}, "no longer active in FYI"),
        ({"is_admin": False}, "no longer an FYI Admin"),
        ({"leaving_on": (datetime.now(UTC) + timedelta(days=40)).date()}, "is leaving on"),
        ({"leaving_on": (datetime.now(UTC) - timedelta(days=4)).date()}, "no longer active in FYI"),
    ],
)
def test_the_page_warns_that_the_connection_will_break_with_its_person(
    office: Office, change: dict[str, bool], said: str
) -> None:
    office.connect()
    office.log_in(SAM)
    assert said not in text_of(office.get(APPS))
    with office.integration.database.write() as session:
        people.update(session, office.person(MERE).id, **change)
    shown = text_of(office.get(APPS))
    assert said in shown
    assert "The connection of Harbour &amp; Vale" in shown  # as the watch says


def test_the_page_warns_if_the_person_is_missing_from_xpms_staff_list(office: Office) -> None:
    office.connect()
    office.synced("staff")
    assert "is no longer on the staff list of Harbour &amp; Vale" in text_of(office.get(APPS))


def test_last_syncs_show_the_counts_of_both_sides(office: Office) -> None:
    office.connect()
    office.synced("jobs", source_count=1200, stored_count=1200, added=7, changed=5, unchanged=1188, archived=2)
    office.synced("staff", added=1)
    shown = text_of(office.get(APPS))
    assert "Jobs Success 1,200 1,200 7 5 2 1,188 0" in shown
    assert "Staff Success not counted not counted 1" in shown


def test_records_set_aside_are_counted_and_listed_with_their_reason(office: Office) -> None:
    office.connect()
    assert "No record is set aside" in text_of(office.get(f"{APPS}/set-aside"))
    with office.integration.database.write() as session:
        quarantine.put(
            session,
            Scope(HARBOUR, TENANT),
            "clients",
            record_key="c-17",
            reason="<Name> is missing",
            payload="<Client><UUID>c-17</UUID></Client>",
            run_id=None,
            now=office.integration.clock(),
        )
    assert "or not in full: 1" in text_of(office.get(APPS))
    assert "Things to look at Records that could not be read, or not in full: 1" in text_of(office.get(APPS))
    listed = office.get(f"{APPS}/set-aside").text
    assert "&lt;Name&gt; is missing" in listed
    assert "&lt;Client&gt;" in listed


def test_text_that_people_wrote_is_never_markup(office: Office) -> None:
    with office.integration.database.write() as session:
        practices.update(session, HARBOUR, name="<b>Bold & Co</b>")
        people.update(session, office.person(LEO).id, name="<script>alert(1)</script>")
    office.happened("preflight.user_unknown", email="<i>x</i>", practice="<b>Bold</b>", by="<u>Ana</u>")
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, '"><b>Evil</b>', "Harbour")
    for path in ("/", APPS, f"{APPS}/activity?search=%3Ci%3E", f"/runs/{run_id}"):
        shown = office.get(path).text
        assert not any(tag in shown for tag in ("<b>", "<script", "<i>", "<u>")), path
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in office.get("/").text


def test_a_run_shows_the_articles_steps_and_which_are_done(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.RUNNING, ["Check your user account", "Publish the link to Xero", "Allow access"])
    shown = text_of(office.get(f"/runs/{run_id}"))
    done = ("✓ Check your user account done", "✓ Log in to Xero and allow access done", "○ Choose the account to do")
    assert all(step in shown for step in (*done, "○ Sync jobs to do", "○ Sync tax returns to do"))


def test_a_sync_shows_only_its_own_entities(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.STAFF])
    office.synced("staff", run_id, added=3, unchanged=4)
    office.runs.move(run_id, StepState.RUNNING, ["Check the connection", "Sync staff"])
    shown = text_of(office.get(f"/runs/{run_id}"))
    assert "✓ Sync staff 7 records · done" in shown
    assert "Sync jobs" not in shown


def test_a_revert_shows_its_steps_where_to_confirm_it_and_what_it_did(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "revert", [])
    steps = ("Preview the revert", "Take the syncs back")
    office.runs.move(run_id, StepState.PAUSED, steps[:1])
    waiting = text_of(office.get(f"/runs/{run_id}"))
    assert "Take syncs back" in waiting
    assert "✓ Preview the revert done ● Take the syncs back waiting for you" in waiting
    assert "This revert waits to be confirmed in Prefect" in waiting

    office.synced("jobs", run_id, removed=1200, changed=3)
    office.happened("revert.done", run=run_id, practice="Harbour", runs=1, begun="then", removed=1200, put_back=3)
    office.runs.move(run_id, StepState.COMPLETED, steps[1:])
    over = text_of(office.get(f"/runs/{run_id}"))
    assert "Syncs of Harbour were taken back: 1" in over
    assert "✓ Take the syncs back done" in over
    assert "Jobs 1,200 3 0 0" in over
    assert "What arrived" not in over


def test_a_revert_that_found_nothing_leaves_out_its_second_step(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "revert", [])
    preview = TaskSeen(name="Preview the revert", stage=StepState.FAILED)
    office.runs.move(run_id, StepState.FAILED, tasks=(preview,))
    shown = text_of(office.get(f"/runs/{run_id}"))
    assert "✕ Preview the revert failed" in shown
    assert "Take the syncs back left out" in shown


def test_the_page_reloads_itself_only_while_the_run_is_under_way_and_asks_nothing(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    refreshing = '<meta http-equiv="refresh" content="2">'
    assert refreshing in office.get(f"/runs/{run_id}").text
    office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    assert refreshing not in office.get(f"/runs/{run_id}").text
    office.runs.move(run_id, StepState.COMPLETED, choices=())
    assert refreshing not in office.get(f"/runs/{run_id}").text


def test_the_page_reloads_once_more_after_the_end_because_the_last_tasks_arrive_late(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.COMPLETED, ended=datetime.now(UTC))
    assert 'http-equiv="refresh"' in office.get(f"/runs/{run_id}").text
    office.runs.move(run_id, StepState.COMPLETED, ended=datetime.now(UTC) - timedelta(minutes=1))
    assert 'http-equiv="refresh"' not in office.get(f"/runs/{run_id}").text


def test_steps_that_a_stopped_run_did_not_reach_are_shown_as_left_out(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.FAILED, ["Check your user account"])
    assert "Sync jobs left out" in text_of(office.get(f"/runs/{run_id}"))


def test_a_sync_that_set_records_aside_needs_a_look_but_did_not_fail(office: Office) -> None:
    run_id = office.runs.add(HARBOUR, "sync", [Entity.CLIENTS])
    office.synced("clients", run_id, RunStatus.ACTION_REQUIRED, unchanged=24, quarantined=1)
    failed = TaskSeen(name="Sync clients", stage=StepState.FAILED)
    office.runs.move(run_id, StepState.FAILED, tasks=(failed,))
    assert "! Sync clients 24 records · needs a look" in text_of(office.get(f"/runs/{run_id}"))


def test_while_the_run_waits_for_the_login_there_is_a_button_for_it(office: Office) -> None:
    run_id, invited = office.invited()
    shown = office.get(f"/runs/{run_id}").text
    assert f'action="/connect/{invited.attempt_id}"' in shown
    assert "Waiting for Mere Tāne to log in to Xero" in shown
    office.runs.move(run_id, StepState.FAILED)
    assert "/connect/" not in office.get(f"/runs/{run_id}").text


def test_a_run_that_no_worker_picks_up_says_so_after_a_while(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    assert "waits for a worker" not in office.get(f"/runs/{run_id}").text
    office.runs.move(run_id, StepState.STARTING, due=datetime.now(UTC) - timedelta(minutes=1), is_polled=False)
    assert "waits for a worker" in office.get(f"/runs/{run_id}").text


def test_a_run_that_is_over_shows_its_result_and_the_table(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.synced("jobs", run_id, source_count=12, stored_count=12, added=12)
    office.happened("runbook.reconnected", run=run_id, practice="Harbour & Vale", remarks="")
    office.runs.move(run_id, StepState.COMPLETED)
    shown = text_of(office.get(f"/runs/{run_id}"))
    assert "Harbour &amp; Vale is reconnected and up to date" in shown
    assert "Jobs Success 12 12 12" in shown


def test_a_run_never_looks_better_than_it_ended(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.happened("consent.granted", run=run_id, person="Mere Tāne")
    office.runs.move(run_id, StepState.FAILED)
    shown = text_of(office.get(f"/runs/{run_id}"))
    assert "The run ended before it was finished" in shown
    assert "allowed access in Xero" not in shown


def test_a_step_at_which_the_run_ended_is_not_shown_as_running(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.FAILED, ["Check your user account", "Publish the link to Xero"])
    assert "✕ Log in to Xero and allow access failed" in text_of(office.get(f"/runs/{run_id}"))


@pytest.mark.parametrize(
    "path",
    [
        "/practices/nobody",
        "/practices/nobody/activity",
        "/practices/nobody/set-aside",
        "/practices/..%2F..%2Fetc",
        "/runs/not-a-uuid",
        "/runs/7d3c1a52-0c2e-4f0e-9d3b-5b8f6a1e2c90",
        "/connect/not-a-uuid",
        "/wp-admin",
    ],
)
def test_an_unknown_page_says_so_in_plain_words(office: Office, path: str) -> None:
    answer = office.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_an_installation_without_practices_tells_an_operator_how_to_add_one(sqlite_database: Database) -> None:
    operator = "ops@fyi.example"
    with office_over(sqlite_database, settings(xpm_operators=operator)) as office:
        with office.integration.database.write() as session:
            for table in ("login_user", "connection", "integration_settings", "fyi_user", "practice"):
                session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  names of ours
        assert "fyi-xpm practice add" in office.log_in(operator).get("/").text


def test_health_answers_ok(office: Office) -> None:
    answer = office.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_an_unexpected_error_gives_a_page_and_no_traceback(office: Office) -> None:
    with office.integration.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE integration_settings")
    broken = office.get(APPS)
    assert broken.status_code == 500
    assert "Something unexpected happened" in broken.text
    assert "integration_settings" not in broken.text
    assert broken.headers["x-content-type-options"] == "nosniff"
