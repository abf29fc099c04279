"""The forms of the Apps page and of a run."""

import datetime as dt
from html import escape
from typing import Any
from uuid import uuid4

import httpx
import pytest

from console.runs import StepState
from tests.console.conftest import settings
from tests.console.fake_runs import STOPPED
from tests.console.office import CONSOLE, HARBOUR, LEO, MERE, SAM, Office, office_over, path_of, text_of
from xpm.account.comparison import AccountComparison, KindCompared
from xpm.entities.names import EVERYTHING, Entity
from xpm.store import people, practices
from xpm.store.engine.database import Database
from xpm.store.tables import IntegrationSettings
from xpm.store.vocabulary import ActivityStatus, ConnectionState, SyncMode

APPS = f"/practices/{HARBOUR}"
ON: dict[str, str] = {"sync_custom_fields": "on", "import_tax_assessments": "on"}


def settings_of(office: Office) -> IntegrationSettings:
    with office.integration.database.read() as session:
        return practices.settings_of(session, HARBOUR)


def ask(office: Office, *entities: str, **more: str) -> httpx.Response:
    form: dict[str, str | list[str]] = {"entities": list(entities), **more}
    return office.post(f"{APPS}/sync", form)


def test_reconnect_starts_the_runbook_and_leads_to_its_page(office: Office) -> None:
    answer = office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    assert office.runs.started == [
        {"practice": HARBOUR, "admin_email": MERE, "long_term_user": True, "another_account": False}
    ]
    (run_id,) = office.runs.runs
    assert (answer.status_code, path_of(answer)) == (303, f"/runs/{run_id}")


@pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")
def test_characters_that_no_database_stores_are_removed_from_what_was_typed(database: Database) -> None:
    with office_over(database, settings()) as office:
        office.connect()
        run_id = office.runs.add(HARBOUR)
        assert office.post(f"/runs/{run_id}/name", {"account_name": "\0"}).status_code == 303
        assert office.get(f"{APPS}/activity", search="\0").status_code == 200


def test_without_the_tick_a_person_does_not_count_as_a_long_term_user(office: Office) -> None:
    office.post(f"{APPS}/reconnect", {})
    assert office.runs.started[0]["long_term_user"] is False


def test_only_the_tick_moves_the_practice_to_another_account(office: Office) -> None:
    office.connect()
    assert 'name="another_account" value="yes">' in office.get(APPS).text
    office.post(f"{APPS}/reconnect", {"long_term_user": "yes", "another_account": "yes"})
    assert office.runs.started[0]["another_account"] is True


def test_a_practice_that_was_never_connected_is_not_offered_a_move(office: Office) -> None:
    assert "another_account" not in office.get(APPS).text


def test_nobody_can_act_as_another_person(office: Office) -> None:
    office.connect()
    office.post(f"{APPS}/reconnect", {"admin_email": SAM, "person": SAM, "long_term_user": "yes"})
    ask(office, "jobs", person=SAM)
    assert [one.get("admin_email") or one["person"] for one in office.runs.started] == [MERE, MERE]


def test_a_second_reconnect_of_the_same_person_joins_the_one_that_waits(office: Office) -> None:
    first = office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    second = office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    assert path_of(second) == path_of(first)
    assert len(office.runs.started) == 1
    (run_id,) = office.runs.runs
    office.runs.move(run_id, StepState.FAILED)
    third = office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    assert path_of(third) != path_of(first)
    assert len(office.runs.started) == 2


def test_a_reconnect_says_in_the_log_who_asked_for_it(office: Office) -> None:
    office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    (entry,) = office.entries()
    assert (entry.title, entry.person) == ("Mere Tāne asked to reconnect XPM", MERE)


def test_a_sync_starts_what_was_requested_and_logs_who_asked(office: Office) -> None:
    office.connect()
    office.log_in(SAM)
    answer = ask(office, "clients", "jobs", mode="changes")
    (run_id,) = office.runs.runs
    assert path_of(answer) == f"/runs/{run_id}"
    (started,) = office.runs.started
    assert started["entities"] == [Entity.JOBS, Entity.CLIENTS]
    assert (started["mode"], started["person"]) == (SyncMode.CHANGES, SAM)
    entry = office.entries()[0]
    assert (entry.title, entry.person) == ("A sync of jobs, clients was requested", SAM)
    assert (entry.status, entry.flow_run_id) == (ActivityStatus.IN_PROGRESS, str(run_id))


def test_sync_all_requests_every_available_entity(office: Office) -> None:
    office.connect()
    office.post(f"{APPS}/settings", ON | {"maintain_jobs": "on"})
    ask(office, "all")
    assert office.runs.started[0]["entities"] == [*EVERYTHING]


def test_a_user_is_shown_why_jobs_cannot_be_synced_while_they_are_maintained_in_fyi(office: Office) -> None:
    office.connect()
    office.post(f"{APPS}/settings", ON | {"maintain_jobs": "on"})
    user = office.log_in(LEO)
    assert 'value="jobs" disabled aria-describedby="held-jobs"' in user.get(APPS).text
    assert "because Maintain Jobs in FYI is On" in ask(user, "jobs").text
    ask(user, "all")
    assert (office.runs.started[0]["entities"], office.runs.started[0]["person"]) == ([*EVERYTHING], LEO)


@pytest.mark.parametrize(
    ("entities", "more"),
    [([], {}), (["payroll"], {}), (["jobs", "payroll"], {}), (["jobs"], {"mode": "half"}), (["all", "jobs"], {})],
)
def test_a_sync_of_nothing_or_of_an_unknown_entity_is_refused(
    office: Office, entities: list[str], more: dict[str, str]
) -> None:
    office.connect()
    assert ask(office, *entities, **more).status_code == 400
    assert office.runs.started == []


def test_a_sync_without_a_connection_is_refused_with_the_reason(office: Office) -> None:
    office.bring_into(ConnectionState.NEEDS_RECONNECT)
    answer = ask(office, "jobs")
    assert answer.status_code == 409
    assert "XPM needs to reconnect" in answer.text
    assert office.runs.started == []
    assert 'value="jobs" disabled' in office.get(APPS).text


@pytest.mark.parametrize(
    ("switches", "entity", "reason"),
    [
        ({"sync_custom_fields": "on"}, "tax_returns", "because Import tax assessments is Off"),
    ],
)
def test_a_sync_that_would_be_skipped_has_a_disabled_button_with_the_reason(
    office: Office, switches: dict[str, str], entity: str, reason: str
) -> None:
    office.connect()
    assert f'value="{entity}">' in office.get(APPS).text
    office.post(f"{APPS}/settings", switches)
    shown = office.get(APPS).text
    assert f'value="{entity}" disabled aria-describedby="held-{entity}"' in shown
    assert reason in shown
    assert ask(office, entity).status_code == 409


def test_custom_fields_can_be_requested_by_hand_whatever_the_setting(office: Office) -> None:
    office.connect()
    office.post(f"{APPS}/settings", {})
    assert ask(office, "custom_field_definitions").status_code == 303


def test_each_changed_switch_is_logged_with_who_changed_it(office: Office) -> None:
    answer = office.post(f"{APPS}/settings", {"maintain_jobs": "on", "sync_custom_fields": "on"})
    assert path_of(answer) == APPS
    found = settings_of(office)
    assert (found.maintain_jobs, found.sync_custom_fields, found.import_tax_assessments) == (True, True, False)
    assert found.updated_by == MERE
    assert {entry.title for entry in office.entries()} == {
        "Mere Tāne set Maintain Jobs in FYI to On",
        "Mere Tāne set Import tax assessments to Off",
    }


WAS = {"was_maintain_jobs": "off", "was_sync_custom_fields": "on", "was_import_tax_assessments": "on"}


def test_a_page_that_was_opened_earlier_undoes_nothing_that_was_changed_since_and_says_so(office: Office) -> None:
    office.post(f"{APPS}/settings", {"maintain_jobs": "on"} | WAS)  # Mere changes three
    saved = office.log_in(SAM).post(f"{APPS}/settings", ON | WAS | {"include_archived_clients": "on"})
    found = settings_of(office)
    assert (found.maintain_jobs, found.sync_custom_fields, found.import_tax_assessments) == (True, False, False)
    assert found.include_archived_clients is True
    assert [entry.title for entry in office.entries() if entry.person == SAM] == [
        "Sam Brooks set Include Archived Clients to On"
    ]
    said = text_of(saved)
    assert "Settings were changed while you had this page open" in said
    assert "Mere Tāne made the last change, on" in said
    assert "Maintain Jobs in FYI Off On" in said
    assert "Sync Custom Fields From XPM On Off" in said
    assert "You set Include Archived Clients to On." in said


def test_what_two_people_change_alike_is_changed_once(office: Office) -> None:
    office.post(f"{APPS}/settings", ON | WAS | {"maintain_jobs": "on"})
    office.log_in(SAM).post(f"{APPS}/settings", ON | WAS | {"maintain_jobs": "on"})
    assert [entry.person for entry in office.entries()] == [MERE]


def test_the_page_says_how_it_shows_each_switch(office: Office) -> None:
    shown = office.get(APPS).text
    assert all(f'name="{name}" value="{value}"' in shown for name, value in WAS.items())
    assert "was_maintain_invoices" not in shown


def test_saving_unchanged_settings_writes_nothing(office: Office) -> None:
    office.post(f"{APPS}/settings", ON)
    assert office.entries() == []


def test_the_switch_for_a_future_update_cannot_be_changed(office: Office) -> None:
    office.post(f"{APPS}/settings", ON | {"maintain_invoices": "on"})
    assert settings_of(office).maintain_invoices is False
    assert "is not in use yet" in office.get(APPS).text


def test_only_an_fyi_admin_changes_settings(office: Office) -> None:
    shown = office.log_in(LEO).get(APPS).text
    assert "Save settings" not in shown
    assert "Only an FYI Admin of this practice can reconnect XPM" in shown
    assert office.post(f"{APPS}/settings", {"maintain_jobs": "on"}).status_code == 403
    assert settings_of(office).maintain_jobs is False


@pytest.mark.parametrize("change", [{"is_active": False}, {"leaving_on": dt.date(2020, 1, 1)}])
def test_an_admin_who_left_is_logged_out_and_changes_nothing(office: Office, change: dict[str, Any]) -> None:
    with office.integration.database.write() as session:
        people.update(session, office.person(MERE).id, **change)
    assert office.post(f"{APPS}/settings", {"maintain_jobs": "on"}).status_code == 401
    assert settings_of(office).maintain_jobs is False


def test_a_practice_without_tax_returns_keeps_that_switch_unchanged(office: Office) -> None:
    with office.integration.database.write() as session:
        practices.get(session, HARBOUR).country = "GB"
    office.post(f"{APPS}/settings", {"sync_custom_fields": "on"})
    assert settings_of(office).import_tax_assessments is True
    assert "only practices in Australia and New Zealand" in office.get(APPS).text


@pytest.mark.parametrize("path", ["reconnect", "sync", "settings"])
def test_a_form_for_an_unknown_practice_is_not_found(office: Office, path: str) -> None:
    form = {"entities": "jobs"}
    assert office.post(f"/practices/nobody/{path}", form).status_code == 404


def test_an_outage_of_prefect_gives_a_page_that_says_what_to_do(office: Office) -> None:
    office.connect()
    office.runs.is_up = False
    reconnect = office.post(f"{APPS}/reconnect", {})
    for answer in (reconnect, ask(office, "jobs"), office.get(f"/runs/{uuid4()}")):
        assert answer.status_code == 503
        assert "Prefect does not answer" in answer.text
        assert "PREFECT_API_URL" in answer.text
    assert office.entries() == []
    assert f'href="{APPS}"' in reconnect.text


def test_a_missing_deployment_is_named(office: Office) -> None:
    office.runs.is_deployed = False
    answer = office.post(f"{APPS}/reconnect", {})
    assert answer.status_code == 503
    assert "fyi-xpm deploy" in answer.text


def test_the_chosen_account_is_passed_to_the_run(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, "Harbour & Vale · 2d41", "Coastal · 1f06")
    assert "Harbour &amp; Vale · 2d41" in office.get(f"/runs/{run_id}").text
    answer = office.post(f"/runs/{run_id}/account", {"account": "Harbour & Vale · 2d41"})
    assert path_of(answer) == f"/runs/{run_id}"
    assert office.runs.answers == [(run_id, "Harbour & Vale · 2d41")]


@pytest.mark.parametrize(("form", "said"), [({}, "No account was chosen"), ({"account": "Other"}, "is not one of")])
def test_another_choice_than_the_offered_accounts_is_asked_for_again(
    office: Office, form: dict[str, str], said: str
) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    answer = office.post(f"/runs/{run_id}/account", form)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'name="account" value="B · 0002"' in answer.text
    assert office.runs.answers == []


def test_a_choice_that_comes_too_late_leads_to_the_run(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    for _ in range(2):
        answer = office.post(f"/runs/{run_id}/account", {"account": "A · 0001"})
        assert path_of(answer) == f"/runs/{run_id}"
    assert office.runs.answers == [(run_id, "A · 0001")]


COMPARED = AccountComparison(
    practice_name="Harbour & Vale",
    tenant_name="Coastal <b>Branch</b>",
    until_now="Harbour & Vale",
    kinds=(
        KindCompared(label="Clients", stored=1412, in_xpm=120, same=3, same_name=7),
        KindCompared(
            label="Current jobs",
            stored=0,
            in_xpm=40,
            same=0,
            same_name=0,
            newest_in_xpm=dt.date(2026, 3, 2),
        ),
    ),
)


def test_an_account_to_confirm_is_compared_with_fyi_and_has_a_field_for_its_name(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_name(run_id, COMPARED)
    answer = office.get(f"/runs/{run_id}")
    shown = text_of(answer)
    assert (
        "Is “Coastal &lt;b&gt;Branch&lt;/b&gt;” really the Xero Practice Manager account of Harbour &amp; Vale?"
        in shown
    )
    assert "Clients 1,412 120 3 7 1,409 117 – –" in shown  # noqa: RUF001
    assert "Current jobs 0 40 0 0 0 40 – 2026-03-02" in shown  # noqa: RUF001
    assert "● Confirm the account waiting for you" in shown
    assert 'name="account_name" required' in answer.text
    assert "<b>" not in answer.text
    assert 'http-equiv="refresh"' not in answer.text


def test_a_reconnect_to_the_same_account_has_no_step_to_confirm_it(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.move(run_id, StepState.COMPLETED, ["Check the account", "Reset the connection"])
    assert "Confirm the account" not in text_of(office.get(f"/runs/{run_id}"))


def test_the_accounts_name_is_passed_to_the_run(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_name(run_id, COMPARED)
    for _ in range(2):  # the second comes too late
        answer = office.post(f"/runs/{run_id}/name", {"account_name": "  coastal <B>Branch</b> "})
        assert path_of(answer) == f"/runs/{run_id}"
    assert office.runs.answers == [(run_id, "coastal <B>Branch</b>")]


def test_a_wrong_name_ends_nothing_and_is_asked_for_again(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_name(run_id, COMPARED)
    for typed in ("Harbour & Vale", "", "Coastal", "wrong"):
        answer = office.post(f"/runs/{run_id}/name", {"account_name": typed})
        assert answer.status_code == 400
        assert f"“{escape(typed)}” is not the name of this account" in answer.text
        assert 'name="account_name" required' in answer.text
    assert office.runs.answers == []
    office.post(f"/runs/{run_id}/name", {"account_name": "Coastal <b>Branch</b>"})
    assert len(office.runs.answers) == 1


@pytest.mark.parametrize("question", ["account", "name"])
def test_a_person_can_say_no_and_the_run_stops(office: Office, question: str) -> None:
    run_id = office.runs.add(HARBOUR)
    if question == "name":
        office.runs.pause_for_name(run_id, COMPARED)
    else:
        office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    assert 'name="stop" value="yes" formnovalidate>No, stop</button>' in office.get(f"/runs/{run_id}").text
    answer = office.post(f"/runs/{run_id}/{question}", {"stop": "yes", "account_name": ""})
    assert path_of(answer) == f"/runs/{run_id}"
    assert office.runs.answers == [(run_id, STOPPED)]


def test_a_name_for_a_run_that_asks_something_else_is_ignored(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    office.post(f"/runs/{run_id}/name", {"account_name": "A · 0001"})
    assert office.runs.answers == []


def test_no_form_can_lead_away_from_the_console(office: Office) -> None:
    office.connect()
    away = {"next": "https://evil.example", "onward": "https://evil.example"}
    for path in ("reconnect", "settings"):
        answer = office.post(f"{APPS}/{path}", away)
        assert answer.headers["location"].startswith("/")
        assert not answer.headers["location"].startswith("//")
    assert CONSOLE not in answer.headers["location"]
