"""Edits while apps read: what XPM shows of them, and what it hides."""

import pytest

from sandbox.clock import Clock
from sandbox.edits import NoSuchRecord, change
from sandbox.shuffle import shuffle
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, MERE, small_world
from tests.sandbox.kit import Guest, read

RECORDS = f"tenants/{HARBOUR_VALE}/records"


def job(guest: Guest, number: str) -> dict[str, object]:
    found: dict[str, object] = read(guest.xml(f"job.api/get/{number}")[1])
    return found


def test_a_deleted_job_vanishes_and_get_calls_its_number_invalid(guest: Guest) -> None:
    number = guest.truth("jobs")[0]["ID"]
    guest.control("DELETE", f"{RECORDS}/jobs/{number}")
    assert number not in {row["ID"] for row in guest.truth("jobs")}
    assert guest.xml(f"job.api/get/{number}").findtext("ErrorDescription") == "Invalid job identifier"


def test_archived_and_deleted_clients_stay_in_the_list_and_leave_the_paged_list(guest: Guest) -> None:
    archived, deleted = (row["UUID"] for row in guest.truth("clients")[:2])
    guest.control("POST", f"tenants/{HARBOUR_VALE}/clients/{archived}/archive")
    guest.control("DELETE", f"{RECORDS}/clients/{deleted}")
    listed = {row["UUID"]: row for row in map(read, guest.items("client.api/list", "Client"))}
    assert (listed[archived]["IsArchived"], listed[deleted]["IsDeleted"]) == ("Yes", "Yes")
    paged = {item.findtext("UUID") for item in guest.items("client.api/paged-list", "Client")}
    assert not {archived, deleted} & paged


def test_an_edit_shows_at_once_even_where_the_list_was_read_before(guest: Guest) -> None:
    guest.items("job.api/current", "Job", detailed="true")
    number = guest.items("job.api/current", "Job")[0].findtext("ID") or ""
    guest.control("PATCH", f"{RECORDS}/jobs/{number}", {"Budget": 125, "Name": "Ngā pūtea & <more>"})
    listed = {row["ID"]: row for row in map(read, guest.items("job.api/current", "Job", detailed="true"))}
    assert (listed[number]["Budget"], listed[number]["Name"]) == ("125", "Ngā pūtea & <more>")


def test_a_renamed_client_is_renamed_on_its_jobs_too(guest: Guest) -> None:
    found = next(row for row in guest.truth("jobs") if row["Client"])
    guest.items("job.api/current", "Job", detailed="true")
    guest.control("PATCH", f"{RECORDS}/clients/{found['Client']['UUID']}", {"Name": "Renamed Ltd"})
    assert job(guest, found["ID"])["Client"] == {"UUID": found["Client"]["UUID"], "Name": "Renamed Ltd"}
    truth = next(row for row in guest.truth("jobs") if row["ID"] == found["ID"])
    assert truth["Client"]["Name"] == "Renamed Ltd"


def test_closing_a_job_dates_it_and_takes_it_out_of_current(guest: Guest) -> None:
    number = guest.items("job.api/current", "Job")[0].findtext("ID") or ""
    guest.control("PATCH", f"{RECORDS}/jobs/{number}", {"State": "Completed"})
    assert str(job(guest, number)["CompletedDate"]).startswith(f"{guest.server.world.clock.today()}")
    assert number not in {item.findtext("ID") for item in guest.items("job.api/current", "Job")}
    guest.control("PATCH", f"{RECORDS}/jobs/{number}", {"State": "In Progress"})
    assert "CompletedDate" not in {name for name, value in job(guest, number).items() if value}


def test_added_records_are_listed_last_with_made_up_keys(guest: Guest) -> None:
    made = guest.control("POST", f"{RECORDS}/jobs", {"Name": "New", "State": "Planned"}).json()
    assert made["ID"] == "J000013"
    assert guest.items("job.api/current", "Job")[-1].findtext("ID") == "J000013"
    client = guest.control("POST", f"{RECORDS}/clients", {"Name": "New client"}).json()
    assert guest.items("client.api/list", "Client")[-1].findtext("UUID") == client["UUID"]


def test_custom_field_values_merge_by_field_and_clear_when_empty(guest: Guest) -> None:
    number = guest.truth("jobs")[0]["ID"]
    remark = next(row for row in guest.truth("custom_field_definitions") if row["Name"] == "Reviewer's remark")
    path = f"{RECORDS}/custom_field_values/{number}"
    guest.control("PATCH", path, {"values": [{"UUID": remark["UUID"], "Text": "seen"}]})
    values = [read(item) for item in guest.items(f"job.api/get/{number}/customfield", "CustomField")]
    assert {"UUID": remark["UUID"], "Name": "Reviewer's remark", "Text": "seen"} in values
    guest.control("PATCH", path, {"values": [{"UUID": remark["UUID"]}]})
    values = [read(item) for item in guest.items(f"job.api/get/{number}/customfield", "CustomField")]
    assert remark["UUID"] not in {value["UUID"] for value in values}
    guest.control("DELETE", path)
    assert guest.items(f"job.api/get/{number}/customfield", "CustomField") == []


def test_staff_who_leave_are_gone_from_the_list_and_stay_on_jobs(guest: Guest) -> None:
    before = guest.truth("jobs")
    guest.control("PATCH", f"people/{MERE}", {"seats": {HARBOUR_VALE: {"on_staff": False}}})
    assert MERE not in {row["Email"] for row in guest.truth("staff")}
    assert guest.truth("jobs") == before
    guest.control("PATCH", f"people/{MERE}", {"seats": {HARBOUR_VALE: {"on_staff": True}}})
    assert guest.truth("staff")[-1]["Email"] == MERE


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", f"{RECORDS}/clients", {"Nonsense": "1"}, 400),
        ("POST", f"{RECORDS}/clients", {}, 400),
        ("POST", f"{RECORDS}/jobs", {"ID": "J000001", "Name": "Taken"}, 400),
        ("PATCH", f"{RECORDS}/jobs/J000001", {"ID": "J9"}, 400),
        ("PATCH", f"{RECORDS}/jobs/NOPE", {"Name": "x"}, 404),
        ("PATCH", f"{RECORDS}/custom_field_values/J000001", {"values": [{"UUID": "no"}]}, 400),
        ("GET", f"{RECORDS}/invoices", None, 404),
        ("GET", "tenants/nowhere/records/jobs", None, 404),
        ("POST", "clock", {"advance_seconds": -1}, 400),
        ("PATCH", "people/nobody@harbourvale.example", {}, 404),
        ("PATCH", "apps/FYI-XPM-SANDBOX", {"scopes": ["everything"]}, 400),
    ],
)
def test_senseless_control_calls_are_told_what_is_wrong(
    guest: Guest, method: str, path: str, body: object, status: int
) -> None:
    answer = guest.http.request(method, f"/sandbox/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_shuffle_is_repeatable_and_touches_one_practice_only(guest: Guest) -> None:
    start = Clock().now()
    done = [shuffle(small_world(clock=Clock(start)).practices[HARBOUR_VALE], 5, 60) for _ in range(2)]
    assert done[0] == done[1]
    before = guest.truth("clients", COASTAL_BRANCH)
    guest.control("POST", f"tenants/{HARBOUR_VALE}/shuffle", {"seed": 5, "changes": 60})
    assert guest.truth("clients", COASTAL_BRANCH) == before


def test_a_body_that_is_no_json_object_is_refused(guest: Guest) -> None:
    for body in (b"{", b"[1]"):
        answer = guest.http.post(f"/sandbox/tenants/{HARBOUR_VALE}/shuffle", content=body)
        assert answer.status_code == 400
    assert guest.http.post(f"/sandbox/{RECORDS}/jobs?created=soon", json={"Name": "x"}).status_code == 400
    assert guest.http.post(f"/sandbox/tenants/{HARBOUR_VALE}/shuffle", json={"changes": "many"}).status_code == 400


def test_faults_and_requests_are_asked_for_by_number(guest: Guest) -> None:
    assert guest.http.delete("/sandbox/faults/99").status_code == 404
    assert guest.http.get("/sandbox/requests?since=yesterday").status_code == 400


def test_a_group_can_be_joined_left_and_renamed(guest: Guest) -> None:
    group, client = guest.truth("groups")[0], guest.truth("clients")[-1]["UUID"]
    guest.control("PATCH", f"{RECORDS}/clients/{client}", {"Groups": [{"UUID": group["UUID"], "Name": group["Name"]}]})
    guest.control("PATCH", f"{RECORDS}/groups/{group['UUID']}", {"Name": "Whānau"})
    got = read(guest.xml(f"clientgroup.api/get/{group['UUID']}")[1])
    assert client in {row["UUID"] for row in got["Clients"]}
    assert got["Name"] == "Whānau"
    assert read(guest.xml(f"client.api/get/{client}")[1])["Groups"] == [{"UUID": group["UUID"], "Name": "Whānau"}]
    guest.control("PATCH", f"{RECORDS}/clients/{client}", {"Groups": []})
    assert client not in {row["UUID"] for row in guest.truth("groups")[0]["Clients"]}


def test_a_removed_field_definition_takes_its_values_along(guest: Guest) -> None:
    holder = next(row for row in guest.truth("custom_field_values") if row["values"])
    field = holder["values"][0]["UUID"]
    guest.control("DELETE", f"{RECORDS}/custom_field_definitions/{field}")
    held = {value["UUID"] for row in guest.truth("custom_field_values") for value in row["values"]}
    assert field not in held
    assert guest.xml(f"customfield.api/get/{field}").findtext("Status") == "ERROR"


@pytest.mark.parametrize("entity", ["jobs", "clients"])
def test_what_is_not_there_is_unknown_also_where_nothing_is_there(entity: str) -> None:
    practice = small_world(jobs=0, clients=0).practices[HARBOUR_VALE]
    with pytest.raises(NoSuchRecord):
        change(practice, entity, "J000001", {"Name": "Advice"})
