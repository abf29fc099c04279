"""The rules by which a practice refuses writes, and the switches for what Xero does not document."""

import pytest

from sandbox.generator.names import STATES
from sandbox.world import HARBOUR_VALE
from tests.sandbox.writing import (
    account_of,
    assign,
    client_now,
    client_xml,
    field,
    job_now,
    job_xml,
    open_job,
    rules,
    timesheet,
    values_now,
    values_xml,
)
from tests.sandbox.xero_app import XeroApp, read

LOCKED = "The date is on or before the WIP lock date"
CLOSED_FOR_TIME = "Time cannot be recorded against a job in this state"


def test_every_generated_state_has_a_code(app: XeroApp) -> None:
    codes = app.control("GET", f"tenants/{HARBOUR_VALE}/rules").json()["state_codes"]
    assert codes["INPROGRESS"] == {"name": "In Progress", "closed": False}
    assert codes["COMPLETED"] == {"name": "Completed", "closed": True}
    assert {(state["name"], not state["closed"]) for state in codes.values()} == set(STATES)


def test_a_practice_has_its_own_states_and_says_which_of_them_close_a_job(app: XeroApp) -> None:
    job = open_job(app)
    rules(app, state_codes={"P1": {"name": "Begun"}, "P9": {"name": "Filed away", "closed": True}})
    assert app.refusal("PUT", "job.api/state", job_xml(job["ID"], State="INPROGRESS")) == "Invalid state code"
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="P9"))
    assert job_now(app, job["ID"])["CompletedDate"]
    assert job["ID"] not in {item.findtext("ID") for item in app.items("job.api/current", "Job")}
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="P1"))
    assert job_now(app, job["ID"])["State"] == "Begun"
    assert job["ID"] in {item.findtext("ID") for item in app.items("job.api/current", "Job")}


def test_the_answer_to_a_state_holds_the_job_where_the_switch_says_so(app: XeroApp) -> None:
    job = open_job(app)
    rules(app, state_answers_job=True)
    answer = app.written("PUT", "job.api/state", job_xml(job["ID"], State="ONHOLD"))
    assert read(answer[1]) == read(app.xml(f"job.api/get/{job['ID']}")[1])


def test_a_locked_period_takes_no_time_and_gives_none_back(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    assign(app, job, f'<add uuid="{staff}"/>')
    uuid = app.written("POST", "time.api/add", timesheet(job, staff, Date="20261031")).findtext("Time/UUID")
    rules(app, wip_lock_date="2026-10-31")
    assert app.refusal("POST", "time.api/add", timesheet(job, staff, Date="20261031")) == LOCKED
    app.written("POST", "time.api/add", timesheet(job, staff, Date="20261101"))
    moved = f"<Timesheet><UUID>{uuid}</UUID><Date>20261101</Date></Timesheet>"
    assert app.refusal("PUT", "time.api/update", moved) == LOCKED, "it would leave the locked period"
    assert app.refusal("DELETE", f"time.api/delete/{uuid}") == LOCKED
    rules(app, wip_lock_date=None)
    app.written("DELETE", f"time.api/delete/{uuid}")


def test_a_closed_job_takes_no_time_unless_the_practice_lets_it(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    assign(app, job, f'<add uuid="{staff}"/>')
    uuid = app.written("POST", "time.api/add", timesheet(job, staff)).findtext("Time/UUID")
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="COMPLETED"))
    assert app.refusal("POST", "time.api/add", timesheet(job, staff)) == CLOSED_FOR_TIME
    changed = f"<Timesheet><UUID>{uuid}</UUID><Minutes>5</Minutes></Timesheet>"
    assert app.refusal("PUT", "time.api/update", changed) == CLOSED_FOR_TIME
    assert app.refusal("DELETE", f"time.api/delete/{uuid}") == CLOSED_FOR_TIME
    rules(app, closed_jobs_refuse=[])
    app.written("POST", "time.api/add", timesheet(job, staff))


def test_a_closed_job_takes_updates_unless_the_practice_forbids_it(app: XeroApp) -> None:
    job = open_job(app)
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="COMPLETED"))
    app.written("PUT", "job.api/update", job_xml(job["ID"], Budget="1"))
    rules(app, closed_jobs_refuse_updates=True)
    refused = app.refusal("PUT", "job.api/update", job_xml(job["ID"], Budget="2"))
    assert refused == "The job cannot be updated in its current state"
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="INPROGRESS"))
    app.written("PUT", "job.api/update", job_xml(job["ID"], Budget="2"))


def test_time_needs_an_assignment_to_the_job_or_to_the_task(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    task, other = job["Tasks"][0]["UUID"], job["Tasks"][1]["UUID"]
    refused = "The staff member is not assigned to the job or task"
    assert app.refusal("POST", "time.api/add", timesheet(job, staff)) == refused
    assign(app, job, f'<add uuid="{staff}" task-uuid="{task}"/>')
    app.written("POST", "time.api/add", timesheet(job, staff))
    assert app.refusal("POST", "time.api/add", timesheet(job, staff, TaskUUID=other)) == refused
    assign(app, job, f'<add uuid="{staff}"/>')
    app.written("POST", "time.api/add", timesheet(job, staff, TaskUUID=other))
    assign(app, job, f'<remove uuid="{staff}"/>')
    rules(app, time_needs_assignment=False)
    app.written("POST", "time.api/add", timesheet(job, staff, TaskUUID=other))


def test_a_dropdown_takes_only_its_options_unless_nobody_checks(app: XeroApp) -> None:
    uuid, level = app.truth("clients")[0]["UUID"], field(app, "Service level")
    path = f"client.api/update/{uuid}/customfield"
    app.written("PUT", path, values_xml((level, "Text", "Bronze & below")))
    refused = app.refusal("PUT", path, values_xml((level, "Text", "Platinum")))
    assert refused == "Value is not an option of the custom field"
    app.written("PUT", path, values_xml((level, "Text", "")))
    rules(app, options_checked=False)
    app.written("PUT", path, values_xml((level, "Text", "Platinum")))
    assert values_now(app, uuid)["Service level"] == "Platinum"


def test_omitted_elements_stay_or_are_cleared_as_the_switch_says(app: XeroApp) -> None:
    job, client = open_job(app), next(row for row in app.truth("clients") if row["TaxNumber"])
    app.written("PUT", "job.api/update", job_xml(job["ID"], Budget="7"))
    app.written("PUT", "client.api/update", client_xml(client["UUID"], Phone="1"))
    assert job_now(app, job["ID"]) == job | {"Budget": "7.00"}
    assert client_now(app, client["UUID"]) == client | {"Phone": "1"}
    rules(app, omitted="cleared")
    app.written("PUT", "job.api/update", job_xml(job["ID"], Budget="8"))
    app.written("PUT", "client.api/update", client_xml(client["UUID"], Phone="2"))
    emptied = dict.fromkeys(("Description", "Type", "ClientOrderNumber", "StartDate", "DueDate"))
    assert job_now(app, job["ID"]) == job | {"Budget": "8.00"} | emptied
    now = client_now(app, client["UUID"])
    kept = ("UUID", "Name", "TaxNumber", "IsArchived", "IsDeleted", "IsProspect", "Type", "Contacts", "Groups")
    assert {name: now[name] for name in kept} == {name: client[name] for name in kept}
    gone = (
        "Email",
        "Address",
        "PostalAddress",
        "Website",
        "AccountManager",
        "JobManager",
        "BillingClient",
        "BusinessNumber",
    )
    assert {name: now[name] for name in gone} == dict.fromkeys(gone)
    assert set(emptied) <= set(app.journal()[-2]["elements"]), "the journal names what was cleared, too"


def test_values_move_the_clients_modified_time_where_the_switch_says_so(app: XeroApp) -> None:
    account, employees = account_of(app), field(app, "Employees")
    rules(app, custom_fields_touch_modified=True)
    before = account.clients.outline(0).modified
    path = f"client.api/update/{account.clients.key(0)}/customfield"
    app.written("PUT", path, values_xml((employees, "Number", "3")))
    assert account.clients.outline(0).modified > before


@pytest.mark.parametrize(
    "wrong",
    [
        {"wip_lock_date": "yesterday"},
        {"omitted": "guessed"},
        {"options_checked": "true"},
        {"closed_jobs_refuse": ["tea"]},
        {"state_codes": {"X": {"closed": True}}},
        {"nonsense": 1},
    ],
)
def test_a_wrong_rule_is_refused_and_changes_none(app: XeroApp, wrong: dict[str, object]) -> None:
    path = f"/sandbox/tenants/{HARBOUR_VALE}/rules"
    before = app.http.get(path).json()
    answer = app.http.patch(path, json=wrong | {"state_answers_job": True})
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["error"]
    assert app.http.get(path).json() == before
