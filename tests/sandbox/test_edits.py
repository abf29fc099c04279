"""Edits to records while apps read: which of them XPM's lists show."""

import pytest

from sandbox.accounts.edits import NoSuchRecord, change
from sandbox.accounts.random_edits import make_random_edits
from sandbox.clock import Clock
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, MERE, small_world
from tests.sandbox.xero_app import XeroApp, read

RECORDS = f"tenants/{HARBOUR_VALE}/records"


def job(app: XeroApp, number: str) -> dict[str, object]:
    found: dict[str, object] = read(app.xml(f"job.api/get/{number}")[1])
    return found


def test_a_deleted_job_vanishes_and_get_answers_invalid_identifier(app: XeroApp) -> None:
    number = app.truth("jobs")[0]["ID"]
    app.control("DELETE", f"{RECORDS}/jobs/{number}")
    assert number not in {row["ID"] for row in app.truth("jobs")}
    assert app.xml(f"job.api/get/{number}").findtext("ErrorDescription") == "Invalid job identifier"


def test_archived_and_deleted_clients_stay_in_the_list_but_leave_the_paged_list(app: XeroApp) -> None:
    archived, deleted = (row["UUID"] for row in app.truth("clients")[:2])
    app.control("POST", f"tenants/{HARBOUR_VALE}/clients/{archived}/archive")
    app.control("DELETE", f"{RECORDS}/clients/{deleted}")
    listed = {row["UUID"]: row for row in map(read, app.items("client.api/list", "Client"))}
    assert (listed[archived]["IsArchived"], listed[deleted]["IsDeleted"]) == ("Yes", "Yes")
    paged = {item.findtext("UUID") for item in app.items("client.api/paged-list", "Client")}
    assert not {archived, deleted} & paged


def test_an_edit_shows_at_once_in_a_list_that_was_already_cached(app: XeroApp) -> None:
    app.items("job.api/current", "Job", detailed="true")
    number = app.items("job.api/current", "Job")[0].findtext("ID") or ""
    app.control("PATCH", f"{RECORDS}/jobs/{number}", {"Budget": 125, "Name": "Ngā pūtea & <more>"})
    listed = {row["ID"]: row for row in map(read, app.items("job.api/current", "Job", detailed="true"))}
    assert (listed[number]["Budget"], listed[number]["Name"]) == ("125", "Ngā pūtea & <more>")


def test_a_renamed_client_is_also_renamed_on_its_jobs(app: XeroApp) -> None:
    found = next(row for row in app.truth("jobs") if row["Client"])
    app.items("job.api/current", "Job", detailed="true")
    app.control("PATCH", f"{RECORDS}/clients/{found['Client']['UUID']}", {"Name": "Renamed Ltd"})
    assert job(app, found["ID"])["Client"] == {"UUID": found["Client"]["UUID"], "Name": "Renamed Ltd"}
    truth = next(row for row in app.truth("jobs") if row["ID"] == found["ID"])
    assert truth["Client"]["Name"] == "Renamed Ltd"


def test_closing_a_job_sets_its_completed_date_and_removes_it_from_current(app: XeroApp) -> None:
    number = app.items("job.api/current", "Job")[0].findtext("ID") or ""
    app.control("PATCH", f"{RECORDS}/jobs/{number}", {"State": "Completed"})
    assert str(job(app, number)["CompletedDate"]).startswith(f"{app.server.world.clock.today()}")
    assert number not in {item.findtext("ID") for item in app.items("job.api/current", "Job")}
    app.control("PATCH", f"{RECORDS}/jobs/{number}", {"State": "In Progress"})
    assert "CompletedDate" not in {name for name, value in job(app, number).items() if value}


def test_added_records_get_generated_keys_and_are_listed_last(app: XeroApp) -> None:
    made = app.control("POST", f"{RECORDS}/jobs", {"Name": "New", "State": "Planned"}).json()
    assert made["ID"] == "J000013"
    assert app.items("job.api/current", "Job")[-1].findtext("ID") == "J000013"
    client = app.control("POST", f"{RECORDS}/clients", {"Name": "New client"}).json()
    assert app.items("client.api/list", "Client")[-1].findtext("UUID") == client["UUID"]


def test_custom_field_values_merge_by_field_and_clear_when_empty(app: XeroApp) -> None:
    number = app.truth("jobs")[0]["ID"]
    remark = next(row for row in app.truth("custom_field_definitions") if row["Name"] == "Reviewer's remark")
    path = f"{RECORDS}/custom_field_values/{number}"
    app.control("PATCH", path, {"values": [{"UUID": remark["UUID"], "Text": "seen"}]})
    values = [read(item) for item in app.items(f"job.api/get/{number}/customfield", "CustomField")]
    assert {"UUID": remark["UUID"], "Name": "Reviewer's remark", "Text": "seen"} in values
    app.control("PATCH", path, {"values": [{"UUID": remark["UUID"]}]})
    values = [read(item) for item in app.items(f"job.api/get/{number}/customfield", "CustomField")]
    assert remark["UUID"] not in {value["UUID"] for value in values}
    app.control("DELETE", path)
    assert app.items(f"job.api/get/{number}/customfield", "CustomField") == []


def test_staff_who_leave_vanish_from_the_list_but_stay_on_jobs(app: XeroApp) -> None:
    before = app.truth("jobs")
    app.control("PATCH", f"people/{MERE}", {"seats": {HARBOUR_VALE: {"on_staff": False}}})
    assert MERE not in {row["Email"] for row in app.truth("staff")}
    assert app.truth("jobs") == before
    app.control("PATCH", f"people/{MERE}", {"seats": {HARBOUR_VALE: {"on_staff": True}}})
    assert app.truth("staff")[-1]["Email"] == MERE


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", f"{RECORDS}/clients", {"Nonsense": "1"}, 400),
        ("POST", f"{RECORDS}/clients", {}, 400),
        ("POST", f"{RECORDS}/jobs", {"ID": "J000001", "Name": "Taken"}, 400),
        ("PATCH", f"{RECORDS}/jobs/J000001", {"ID": "J000002"}, 400),
        ("PATCH", f"{RECORDS}/jobs/NOPE", {"Name": "x"}, 404),
        ("PATCH", f"{RECORDS}/custom_field_values/J000001", {"values": [{"UUID": "no"}]}, 400),
        ("GET", f"{RECORDS}/invoices", None, 404),
        ("GET", "tenants/nowhere/records/jobs", None, 404),
        ("POST", "clock", {"advance_seconds": -1}, 400),
        ("PATCH", "people/nobody@harbourvale.example", {}, 404),
        ("PATCH", "apps/FYI-XPM-SANDBOX", {"scopes": ["everything"]}, 400),
    ],
)
def test_a_wrong_control_call_gets_an_error_that_says_why(
    app: XeroApp, method: str, path: str, body: object, status: int
) -> None:
    answer = app.http.request(method, f"/sandbox/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_random_edits_are_repeatable_and_change_one_account_only(app: XeroApp) -> None:
    start = Clock().now()
    done = [make_random_edits(small_world(clock=Clock(start)).accounts[HARBOUR_VALE], 5, 60) for _ in range(2)]
    assert done[0] == done[1]
    before = app.truth("clients", COASTAL_BRANCH)
    app.control("POST", f"tenants/{HARBOUR_VALE}/shuffle", {"seed": 5, "changes": 60})
    assert app.truth("clients", COASTAL_BRANCH) == before


def test_a_control_call_with_a_malformed_body_is_refused(app: XeroApp) -> None:
    for body in (b"{", b"[1]"):
        answer = app.http.post(f"/sandbox/tenants/{HARBOUR_VALE}/shuffle", content=body)
        assert answer.status_code == 400
    assert app.http.post(f"/sandbox/{RECORDS}/jobs?created=soon", json={"Name": "x"}).status_code == 400
    assert app.http.post(f"/sandbox/tenants/{HARBOUR_VALE}/shuffle", json={"changes": "many"}).status_code == 400


def test_an_unknown_fault_number_and_a_wrong_request_number_are_refused(app: XeroApp) -> None:
    assert app.http.delete("/sandbox/faults/99").status_code == 404
    assert app.http.get("/sandbox/requests?since=yesterday").status_code == 400


def test_a_group_can_be_joined_left_and_renamed(app: XeroApp) -> None:
    group, client = app.truth("groups")[0], app.truth("clients")[-1]["UUID"]
    app.control("PATCH", f"{RECORDS}/clients/{client}", {"Groups": [{"UUID": group["UUID"], "Name": group["Name"]}]})
    app.control("PATCH", f"{RECORDS}/groups/{group['UUID']}", {"Name": "Whānau"})
    got = read(app.xml(f"clientgroup.api/get/{group['UUID']}")[1])
    assert client in {row["UUID"] for row in got["Clients"]}
    assert got["Name"] == "Whānau"
    assert read(app.xml(f"client.api/get/{client}")[1])["Groups"] == [{"UUID": group["UUID"], "Name": "Whānau"}]
    app.control("PATCH", f"{RECORDS}/clients/{client}", {"Groups": []})
    assert client not in {row["UUID"] for row in app.truth("groups")[0]["Clients"]}


def test_deleting_a_custom_field_definition_deletes_its_values(app: XeroApp) -> None:
    holder = next(row for row in app.truth("custom_field_values") if row["values"])
    field = holder["values"][0]["UUID"]
    app.control("DELETE", f"{RECORDS}/custom_field_definitions/{field}")
    held = {value["UUID"] for row in app.truth("custom_field_values") for value in row["values"]}
    assert field not in held
    assert app.xml(f"customfield.api/get/{field}").findtext("Status") == "ERROR"


@pytest.mark.parametrize("entity", ["jobs", "clients"])
def test_an_unknown_key_is_refused_in_an_empty_account_too(entity: str) -> None:
    account = small_world(jobs=0, clients=0).accounts[HARBOUR_VALE]
    with pytest.raises(NoSuchRecord):
        change(account, entity, "J000001", {"Name": "Advice"})
