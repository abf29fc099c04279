"""Writes to jobs and clients: what they change, and what XPM answers."""

import hashlib
from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.server import SandboxServer
from sandbox.xpm.call import BadParameter
from sandbox.xpm.request_body import LARGEST_BODY, parse
from tests.sandbox.writing import (
    account_of,
    assign,
    client_now,
    client_xml,
    field,
    job_now,
    job_xml,
    open_job,
    values_now,
    values_xml,
)
from tests.sandbox.xero_app import XeroApp, read, without_blanks


def test_a_job_update_changes_the_named_elements_and_answers_with_the_whole_job(app: XeroApp) -> None:
    job = open_job(app)
    category = app.truth("categories")[-1]
    body = job_xml(
        job["ID"],
        Name="Ngā pūtea & <more>",
        StartDate="20261101",
        DueDate="20261130",
        ClientNumber="PO-1",
        CategoryUUID=category["UUID"],
        Budget="1255.5",
        Nonsense="ignored",
    )
    answer = app.written("PUT", "job.api/update", f'<?xml version="1.0" encoding="utf-8"?>\n{body}')
    asked = {
        "Name": "Ngā pūtea & <more>",
        "StartDate": "2026-11-01T00:00:00",
        "DueDate": "2026-11-30T00:00:00",
        "ClientOrderNumber": "PO-1",
        "Type": category["Name"],
        "Budget": "1255.50",
    }
    assert job_now(app, job["ID"]) == job | asked
    assert read(answer[1]) == read(app.xml(f"job.api/get/{job['ID']}")[1])


def test_an_empty_element_clears_but_a_name_stays(app: XeroApp) -> None:
    job = open_job(app)
    app.written("PUT", "job.api/update", job_xml(job["ID"], Description="", Budget="", DueDate=""))
    assert job_now(app, job["ID"]) == job | {"Description": None, "Budget": None, "DueDate": None}
    assert app.refusal("PUT", "job.api/update", job_xml(job["ID"], Name=" ")) == "Name is required"


@pytest.mark.parametrize(
    "written", ["2026-11-01", "2026-11-01T00:00:00", "20261301", "20260230", "1 May", "\u0662" * 8]
)
def test_only_dates_as_xpm_writes_them_in_requests_are_taken(app: XeroApp, written: str) -> None:
    job = open_job(app)
    said = app.refusal("PUT", "job.api/update", job_xml(job["ID"], Name="New", DueDate=written))
    assert said == "Invalid date, expected format is YYYYMMDD"
    assert job_now(app, job["ID"]) == job, "a refused write changes nothing"


@pytest.mark.parametrize("written", ["1,000.00", "NaN", "1E+999999", "ten", "-"])
def test_a_number_in_another_form_is_refused(app: XeroApp, written: str) -> None:
    job = open_job(app)
    assert app.refusal("PUT", "job.api/update", job_xml(job["ID"], Budget=written)) == "Invalid number"


def test_a_state_moves_the_job_and_answers_the_status_alone(app: XeroApp) -> None:
    job = open_job(app)
    answer = app.written("PUT", "job.api/state", job_xml(job["ID"], State="WRITTENOFF&CLOSED"))
    assert [child.tag for child in answer] == ["Status"]
    closed = job_now(app, job["ID"])
    assert closed["State"] == "Written off & closed"
    assert closed["CompletedDate"], "a closed job has the date on which it was closed"
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="INPROGRESS"))
    assert job_now(app, job["ID"])["CompletedDate"] is None
    assert app.refusal("PUT", "job.api/state", job_xml(job["ID"], State="In Progress")) == "Invalid state code"


def test_an_assignment_replaces_manager_and_partner_and_adds_and_removes_staff(app: XeroApp) -> None:
    job, (one, two) = open_job(app), app.truth("staff")[:2]
    task = job["Tasks"][1]["UUID"]
    assign(
        app,
        job,
        f'<add-manager uuid="{one["UUID"]}"/><add-manager uuid="{two["UUID"]}"/><remove-partner/>'
        f'<add uuid="{one["UUID"]}"/><add uuid="{two["UUID"]}"/><add uuid="{one["UUID"]}"/>'
        f'<add uuid="{two["UUID"]}" task-uuid="{task}"/><remove uuid="{two["UUID"]}"/>',
    )
    now = job_now(app, job["ID"])
    names = {"UUID": one["UUID"], "Name": one["Name"]}, {"UUID": two["UUID"], "Name": two["Name"]}
    assert (now["Manager"], now["Partner"], now["Assigned"]) == (names[1], None, [names[0]])
    assert [each["Assigned"] for each in now["Tasks"][:3]] == [[], [names[1]], []]
    assign(app, job, f'<remove-manager/><add-partner id="{one["UUID"]}"/>')
    now = job_now(app, job["ID"])
    assert (now["Manager"], now["Partner"]) == (None, names[0])


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ('<add-manager uuid="{nobody}"/>', "Invalid staff identifier for add request"),
        ('<add uuid="{nobody}"/>', "Invalid staff identifier for add request"),
        ('<remove uuid="{nobody}"/>', "Invalid staff identifier for remove request"),
        ('<add uuid="{staff}" task-uuid="{nobody}"/>', "Invalid task identifier"),
    ],
)
def test_an_assignment_of_somebody_or_to_something_unknown_changes_nothing(app: XeroApp, order: str, said: str) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    wrong = order.format(nobody="00000000-0000-0000-0000-000000000000", staff=staff)
    body = f'<Job><ID>{job["ID"]}</ID><remove-manager/><add uuid="{staff}"/>{wrong}</Job>'
    assert app.refusal("PUT", "job.api/assign", body) == said
    assert job_now(app, job["ID"]) == job


def test_a_client_update_changes_the_named_elements_and_answers_with_the_whole_client(app: XeroApp) -> None:
    before, other = app.truth("clients")[:2]
    staff = app.truth("staff")[-1]
    body = client_xml(
        before["UUID"],
        Name="Renamed & Co",
        WebSite="https://renamed.example",
        DateOfBirth="19800229",
        AccountManagerUUID=staff["UUID"],
        JobManagerUUID="",
        BillingClientUUID=other["UUID"],
        IsProspect="Yes",
    )
    answer = app.written("PUT", "client.api/update", body)
    assert client_now(app, before["UUID"]) == before | {
        "Name": "Renamed & Co",
        "Website": "https://renamed.example",
        "DateOfBirth": "1980-02-29T00:00:00",
        "AccountManager": {"UUID": staff["UUID"], "Name": staff["Name"]},
        "JobManager": None,
        "BillingClient": {"UUID": other["UUID"], "Name": other["Name"]},
    }
    got = app.xml(f"client.api/get/{before['UUID']}")[1]
    assert without_blanks(read(answer[1])) == without_blanks(read(got))
    assert app.items("client.api/list", "Client", modifiedsince=app.server.world.clock.now().date().isoformat())


def test_an_archived_client_leaves_the_paged_list(app: XeroApp) -> None:
    uuid = app.items("client.api/paged-list", "Client")[0].findtext("UUID") or ""
    answer = app.written("PUT", "client.api/archive", client_xml(uuid))
    assert answer.findtext("Client/IsArchived") == "Yes"
    assert uuid not in {item.findtext("UUID") for item in app.items("client.api/paged-list", "Client")}


def test_a_tax_number_that_was_read_and_sent_back_is_lost(app: XeroApp) -> None:
    uuid = app.truth("clients")[0]["UUID"]
    app.written("PUT", "client.api/update", client_xml(uuid, TaxNumber="123456782"))
    shown = next(item.findtext("TaxNumber") for item in app.items("client.api/list", "Client"))
    assert shown == app.xml(f"client.api/get/{uuid}").findtext("Client/TaxNumber") == "******782"
    assert client_now(app, uuid)["TaxNumber"] == "123456782"
    app.written("PUT", "client.api/update", client_xml(uuid, TaxNumber=shown or ""))
    assert client_now(app, uuid)["TaxNumber"] == "******782"


def test_custom_fields_are_written_together_and_the_others_stay(app: XeroApp) -> None:
    number = open_job(app)["ID"]
    path = f"job.api/update/{number}/customfield"
    stays, clears = field(app, "Reviewer's remark"), field(app, "Lodgement programme")
    app.written("PUT", path, values_xml((stays, "Text", "seen"), (clears, "Text", "May")))
    answer = app.written(
        "PUT",
        path,
        values_xml(
            (clears, "Text", ""),
            (field(app, "Fee budget"), "Decimal", "1234.5"),
            (field(app, "Promised date"), "Date", "20261101"),
            (field(app, "Engagement signed?"), "Boolean", "true"),
            (field(app, "Write-off allowed"), "Decimal", ""),
        ),
    )
    assert [child.tag for child in answer] == ["Status"]
    assert values_now(app, number) == {
        "Reviewer's remark": "seen",
        "Fee budget": "1,234.50",
        "Promised date": "2026-11-01T00:00:00",
        "Engagement signed?": "true",
    }
    app.written("PUT", path, values_xml((field(app, "Engagement signed?"), "Boolean", "false")))
    assert "Engagement signed?" not in values_now(app, number), "a checkbox without a tick has no value"


def test_custom_fields_of_a_client_leave_its_modified_time(app: XeroApp) -> None:
    account = account_of(app)
    uuid, modified = account.clients.key(0), account.clients.outline(0).modified
    path = f"client.api/update/{uuid}/customfield"
    app.written("PUT", path, values_xml((field(app, "Employees"), "Number", "3")))
    assert values_now(app, uuid)["Employees"] == "3"
    assert account.clients.outline(0).modified == modified


@pytest.mark.parametrize(
    ("name", "element", "value", "said"),
    [
        ("Employees", "Number", "3", "Invalid custom field identifier"),  # of clients only
        ("Fee budget", "Text", "3", "Invalid value for custom field"),
        ("Fee budget", "Decimal", "1,000", "Invalid number"),
        ("Promised date", "Date", "2026-11-01", "Invalid date, expected format is YYYYMMDD"),
        ("Engagement signed?", "Boolean", "", "Invalid value for custom field"),
        ("Engagement signed?", "Boolean", "Yes", "Invalid value for custom field"),
    ],
)
def test_one_wrong_custom_field_refuses_the_whole_call(
    app: XeroApp, name: str, element: str, value: str, said: str
) -> None:
    number = open_job(app)["ID"]
    before = values_now(app, number)
    body = values_xml((field(app, "Reviewer's remark"), "Text", "lost"), (field(app, name), element, value))
    assert app.refusal("PUT", f"job.api/update/{number}/customfield", body) == said
    assert values_now(app, number) == before


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("job.api/update", "<Job><Name>x</Name></Job>", "Invalid job identifier"),
        ("job.api/update", "<Client><ID>J000001</ID></Client>", "Invalid job identifier"),
        ("job.api/state", "<Job><ID>NOPE</ID></Job>", "Invalid job identifier"),
        ("job.api/assign", "<Job><ID/></Job>", "Invalid job identifier"),
        ("job.api/update/NOPE/customfield", "<CustomFields/>", "Invalid job identifier"),
        ("client.api/update", "<Client/>", "Invalid client/contact identifier"),
        ("client.api/archive", "<Client><UUID>no</UUID></Client>", "Invalid client/contact identifier"),
        ("client.api/update/no/customfield", "<CustomFields/>", "Invalid client/contact identifier"),
    ],
)
def test_a_write_without_a_known_record_is_refused(app: XeroApp, path: str, body: str, said: str) -> None:
    assert app.refusal("PUT", path, body) == said


def test_references_to_nothing_are_refused(app: XeroApp) -> None:
    uuid, number = app.truth("clients")[0]["UUID"], open_job(app)["ID"]
    staff = app.refusal("PUT", "client.api/update", client_xml(uuid, AccountManagerUUID="no"))
    assert staff == "Invalid staff identifier for add request"
    client = app.refusal("PUT", "client.api/update", client_xml(uuid, BillingClientUUID="no"))
    assert client == "Invalid client/contact identifier"
    category = app.refusal("PUT", "job.api/update", job_xml(number, CategoryUUID="no"))
    assert category == "Invalid category identifier"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Job><ID>J000001</ID>",
        "{}",
        '<!DOCTYPE Job [<!ENTITY n "J000001">]><Job><ID>&n;</ID><Name>x</Name></Job>',
        '<!DOCTYPE Job SYSTEM "file:///etc/passwd"><Job><ID>J000001</ID></Job>',
        "<Job><ID>&unknown;</ID></Job>",
    ],
)
def test_a_body_that_is_not_plain_xml_gets_400(app: XeroApp, body: str) -> None:
    answer = app.send("PUT", "job.api/update", body)
    assert answer.status_code == 400
    assert ET.fromstring(answer.content).findtext("Status") == "ERROR"  # noqa: S314 - the sandbox's own XML


def test_a_body_that_is_too_large_is_not_read_to_its_end(app: XeroApp) -> None:
    job = open_job(app)
    assert app.send("PUT", "job.api/update", job_xml(job["ID"], Description="x" * LARGEST_BODY)).status_code == 413
    assert job_now(app, job["ID"]) == job


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<Job>{text}</Job>".encode()))
def test_every_body_is_either_parsed_or_called_malformed(body: bytes) -> None:
    with suppress(BadParameter):
        assert parse(body).tag


@pytest.mark.parametrize("area", ["job", "client", "time"])
@pytest.mark.parametrize("scope", ["practicemanager.read", "practicemanager.{area}.read", "practicemanager.staff"])
def test_a_permission_to_read_or_for_something_else_does_not_permit_writing(
    server: SandboxServer, area: str, scope: str
) -> None:
    app = XeroApp(server)
    with app.http:
        app.connect(scope=f"openid offline_access {scope.format(area=area)}")
        answer = app.send("PUT", f"{area}.api/update", "<Nothing/>")
        assert (answer.status_code, answer.json()["Detail"]) == (401, "AuthorizationUnsuccessful")
        assert app.journal() == []


@pytest.mark.parametrize("area", ["job", "client", "time"])
def test_a_permission_for_one_area_permits_writing_there(server: SandboxServer, area: str) -> None:
    app = XeroApp(server)
    with app.http:
        app.connect(scope=f"openid offline_access practicemanager.{area}")
        assert app.refusal("PUT", f"{area}.api/update", "<Nothing/>").startswith("Invalid")


def test_each_path_takes_its_own_methods_and_says_which(app: XeroApp) -> None:
    allowed = {"job.api/update": "PUT", "time.api/add": "POST", "time.api/delete/x": "DELETE", "job.api/current": "GET"}
    for path, method in allowed.items():
        answer = app.send("PATCH", path)
        assert (answer.status_code, answer.headers["allow"]) == (405, method)


def test_the_journal_says_what_was_applied_without_its_values(app: XeroApp) -> None:
    job, uuid = open_job(app), app.truth("clients")[0]["UUID"]
    body = job_xml(job["ID"], Name="Very secret", ClientNumber="7")
    app.written("PUT", "job.api/update", body)
    app.refusal("PUT", "job.api/state", job_xml(job["ID"], State="NOPE"))
    app.send("PUT", "job.api/state", "<Job>")
    remark = field(app, "Service level")
    app.written("PUT", f"client.api/update/{uuid}/customfield", values_xml((remark, "Text", "Gold")))
    writes = app.journal()
    assert [(w["number"], w["verb"], w["path"], w["applied"]) for w in writes] == [
        (1, "PUT", "job.api/update", True),
        (2, "PUT", "job.api/state", False),
        (3, "PUT", "job.api/state", False),
        (4, "PUT", f"client.api/update/{uuid}/customfield", True),
    ]
    assert (writes[0]["entity"], writes[0]["key"]) == ("jobs", job["ID"])
    assert writes[0]["elements"] == ["Name", "ClientOrderNumber"]
    assert writes[0]["body_sha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert writes[1]["refused"] == "Invalid state code"
    assert (writes[3]["entity"], writes[3]["elements"]) == ("custom_field_values", [remark])
    assert "secret" not in str(writes)
    assert app.journal(since=3) == writes[3:]
    assert [write.number for write in app.server.world.journal.applied()] == [1, 4]
    app.control("DELETE", "journal")
    assert app.journal() == []
