"""The page of one record, for people who want to see what XPM has and to change it there."""

from html import unescape

import pytest

from sandbox.world import HARBOUR_VALE
from tests.sandbox.writing import assign, client_now, field, job_now, open_job, timesheet, values_now
from tests.sandbox.xero_app import XeroApp


def look_up(app: XeroApp, key: str, tenant: str = HARBOUR_VALE) -> str:
    answer = app.http.get("/record", params={"tenant": tenant, "key": key}, follow_redirects=True)
    assert answer.status_code == 200
    return unescape(answer.text)


def edit(app: XeroApp, path: str, name: str, value: str) -> tuple[int, str]:
    answer = app.http.post(f"/record/{HARBOUR_VALE}/{path}", data={"field": name, "value": value})
    return answer.status_code, unescape(answer.text)


def test_a_record_is_found_by_number_uuid_or_name(app: XeroApp) -> None:
    job, client = open_job(app), app.truth("clients")[0]
    for key in (job["ID"], job["UUID"]):
        page = look_up(app, f" {key} ")
        assert f"<h1>{job['Name']}</h1>" in page
        assert f"<dd>{job['State']}</dd>" in page
    for key in (client["UUID"], client["Name"].upper()):
        assert f"<h1>{client['Name']}</h1>" in look_up(app, key)
    assert 'action="/record"' in app.http.get("/").text


def test_the_page_shows_custom_fields_and_time_and_escapes_all_of_it(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]
    app.control("PATCH", f"tenants/{HARBOUR_VALE}/records/jobs/{job['ID']}", {"Name": "<script>alert(1)</script>"})
    assign(app, job, f'<add uuid="{staff["UUID"]}"/>')
    app.written("POST", "time.api/add", timesheet(job, staff["UUID"], Note="<b>note</b>", Minutes="77"))
    page = app.http.get(f"/record/{HARBOUR_VALE}/jobs/{job['ID']}").text
    for text in (
        "&lt;script&gt;",
        "&lt;b&gt;note&lt;/b&gt;",
        "<td>77</td>",
        "<td>2026-11-03</td>",
        "Reviewer&#39;s remark",
    ):
        assert text in page
    assert "<script>" not in page
    assert "src=" not in page


def test_a_person_changes_fields_of_a_job_as_in_xpm(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[1]
    path = f"jobs/{job['ID']}"
    for name, value in (("Budget", "55.00"), ("DueDate", "2026-12-24"), ("Manager", staff["Name"]), ("Partner", "")):
        assert edit(app, path, name, value)[0] == 303
    edit(app, path, f"custom:{field(app, 'Promised date')}", "2026-12-01")
    edit(app, path, f"custom:{field(app, 'Lodgement programme')}", "")
    assert job_now(app, job["ID"]) == job | {
        "Budget": "55.00",
        "DueDate": "2026-12-24T00:00:00",
        "Manager": {"UUID": staff["UUID"], "Name": staff["Name"]},
        "Partner": None,
    }
    values = values_now(app, job["ID"])
    assert values["Promised date"] == "2026-12-01T00:00:00"
    assert "Lodgement programme" not in values
    edit(app, path, "State", "Completed")
    assert job_now(app, job["ID"])["CompletedDate"]
    assert app.journal() == [], "a person in XPM is no app"


def test_a_person_brings_an_archived_client_back(app: XeroApp) -> None:
    uuid = app.truth("clients")[0]["UUID"]
    app.control("POST", f"tenants/{HARBOUR_VALE}/clients/{uuid}/archive")
    assert edit(app, f"clients/{uuid}", "IsArchived", "No")[0] == 303
    assert client_now(app, uuid)["IsArchived"] == "No"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("State", "Nowhere", "No state is called Nowhere."),
        ("Manager", "Nobody", "Nobody on the staff is called Nobody."),
        ("DueDate", "24.12.2026", "A date is written like 2026-05-31."),
        ("Name", "", "A record needs a Name."),
        ("Tasks", "none", "Tasks cannot be changed here."),
        ("Nonsense", "1", "jobs have no Nonsense."),
        ("custom:no", "1", "No custom field has that UUID."),
    ],
)
def test_a_change_that_xpm_would_not_take_is_explained_on_the_page(
    app: XeroApp, name: str, value: str, said: str
) -> None:
    job = open_job(app)
    status, page = edit(app, f"jobs/{job['ID']}", name, value)
    assert status == 400
    assert said in page
    assert job_now(app, job["ID"]) == job


@pytest.mark.parametrize("path", ["?tenant=no&key=J000001", f"?tenant={HARBOUR_VALE}&key=NOPE", "/no/jobs/J000001"])
def test_a_page_of_no_record_says_so(app: XeroApp, path: str) -> None:
    answer = app.http.get(f"/record{path}")
    assert answer.status_code == 404
    assert "no such record" in answer.text
    assert app.http.post(f"/record/{HARBOUR_VALE}/staff/x", data={"field": "Name", "value": "x"}).status_code == 404
