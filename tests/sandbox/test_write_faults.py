"""Writes that go wrong: what was done, whatever the app was told."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.world import HARBOUR_VALE
from tests.sandbox.writing import (
    assign,
    client_xml,
    field,
    job_now,
    job_xml,
    open_job,
    timesheet,
    values_now,
    values_xml,
)
from tests.sandbox.xero_app import XeroApp

JOBS = "job.api/update"


def spoil(app: XeroApp, kind: str, **details: object) -> None:
    app.inject(area="xpm", kind=kind, method="PUT", **details)


def applied(app: XeroApp) -> list[bool]:
    return [write["applied"] for write in app.journal()]


def test_a_lost_answer_to_a_write_was_still_applied(app: XeroApp) -> None:
    job = open_job(app)
    spoil(app, "lost_answer", path=JOBS)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
        app.send("PUT", JOBS, job_xml(job["ID"], Budget="7"))
    assert job_now(app, job["ID"]) == job | {"Budget": "7.00"}
    assert applied(app) == [True]


def test_a_reset_write_was_not_applied_and_is_not_in_the_journal(app: XeroApp) -> None:
    job = open_job(app)
    spoil(app, "reset", path=JOBS)
    with pytest.raises(httpx.ReadError):
        app.send("PUT", JOBS, job_xml(job["ID"], Budget="7"))
    assert job_now(app, job["ID"]) == job
    assert applied(app) == []


def test_a_500_comes_before_the_work_or_after_it(app: XeroApp) -> None:
    job = open_job(app)
    spoil(app, "status", path=JOBS)
    assert app.send("PUT", JOBS, job_xml(job["ID"], Budget="7")).status_code == 500
    assert job_now(app, job["ID"]) == job
    spoil(app, "status_after", path=JOBS, body="<Response><Status>ERROR</Status></Response>")
    answer = app.send("PUT", JOBS, job_xml(job["ID"], Budget="8"))
    assert (answer.status_code, answer.text) == (500, "<Response><Status>ERROR</Status></Response>")
    assert job_now(app, job["ID"]) == job | {"Budget": "8.00"}
    assert applied(app) == [True]


def test_time_whose_answer_was_lost_stands_there_and_a_repeat_doubles_it(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    assign(app, job, f'<add uuid="{staff}"/>')
    app.inject(area="xpm", path="time.api/add", kind="status_after", status=502)
    assert app.send("POST", "time.api/add", timesheet(job, staff)).status_code == 502
    app.written("POST", "time.api/add", timesheet(job, staff))
    assert len(app.items(f"time.api/job/{job['ID']}", "Time")) == 2
    assert [write["entity"] for write in app.journal()[-2:]] == ["time_entries"] * 2


def test_conflicts_come_as_often_as_asked(app: XeroApp) -> None:
    uuid = app.truth("clients")[0]["UUID"]
    app.inject(area="xpm", path="client.api", method="PUT", kind="status", status=409, times=2)
    assert app.xpm(f"client.api/get/{uuid}").status_code == 200, "it is for PUT only"
    body = client_xml(uuid, Phone="1")
    assert [app.send("PUT", "client.api/update", body).status_code for _ in range(3)] == [409, 409, 200]
    assert applied(app) == [True]


def test_an_ordered_error_refuses_a_write_in_the_given_words(app: XeroApp) -> None:
    job = open_job(app)
    spoil(app, "error_body", path=JOBS, description="Tax number is <taken> & gone")
    assert app.refusal("PUT", JOBS, job_xml(job["ID"], Budget="7")) == "Tax number is <taken> & gone"
    assert job_now(app, job["ID"]) == job
    spoil(app, "error_body", path=JOBS)
    assert app.refusal("PUT", JOBS, job_xml(job["ID"], Budget="7")) == "An unexpected error occurred"
    assert applied(app) == [False, False]


def test_xpm_can_answer_ok_and_do_nothing(app: XeroApp) -> None:
    job, staff = open_job(app), app.truth("staff")[0]["UUID"]
    before = values_now(app, job["ID"])
    spoil(app, "ok_but_ignored", times=4)
    app.inject(area="xpm", kind="ok_but_ignored", method="POST")
    answer = app.written("PUT", JOBS, job_xml(job["ID"], Name="Pretended"))
    assert (answer.findtext("Status"), answer.find("Job")) == ("OK", None)
    app.written("PUT", "job.api/state", job_xml(job["ID"], State="COMPLETED"))
    remark = values_xml((field(app, "Reviewer's remark"), "Text", "pretended"))
    app.written("PUT", f"{JOBS}/{job['ID']}/customfield", remark)
    assign(app, job, f'<add uuid="{staff}"/>')
    assert job_now(app, job["ID"]) == job
    assert values_now(app, job["ID"]) == before
    assign(app, job, f'<add uuid="{staff}"/>')
    app.written("POST", "time.api/add", timesheet(job, staff))
    assert app.items(f"time.api/job/{job['ID']}", "Time") == []
    assert applied(app) == [False, False, False, False, True, False]
    assert app.journal()[0]["elements"] == ["Name"], "the journal says what was ignored"


def test_somebody_else_can_edit_between_a_read_and_a_write(app: XeroApp) -> None:
    job = open_job(app)
    theirs = {"Budget": "1.00", "Description": "Theirs"}
    spoil(app, "edit_between", path=JOBS, entity="jobs", key=job["ID"], fields=theirs)
    assert app.xml(f"job.api/get/{job['ID']}").findtext("Job/Budget") != "1.00", "a read does not meet it"
    answer = app.written("PUT", JOBS, job_xml(job["ID"], Budget="2"))
    assert (answer.findtext("Job/Budget"), answer.findtext("Job/Description")) == ("2.00", "Theirs")
    assert job_now(app, job["ID"]) == job | {"Budget": "2.00", "Description": "Theirs"}
    assert len(app.journal()) == 1, "their edit is no write of an app"


def test_somebody_else_can_set_a_custom_field_between_or_close_the_job(app: XeroApp) -> None:
    job, remark = open_job(app), field(app, "Reviewer's remark")
    theirs = {"values": [{"UUID": remark, "Text": "theirs"}]}
    spoil(app, "edit_between", entity="custom_field_values", key=job["ID"], fields=theirs)
    app.written("PUT", f"{JOBS}/{job['ID']}/customfield", values_xml((field(app, "Fee budget"), "Decimal", "1")))
    now = values_now(app, job["ID"])
    assert (now["Reviewer's remark"], now["Fee budget"]) == ("theirs", "1.00")
    app.control("PATCH", f"tenants/{HARBOUR_VALE}/rules", {"closed_jobs_refuse_updates": True})
    spoil(app, "edit_between", entity="jobs", key=job["ID"], fields={"State": "Completed"})
    assert app.refusal("PUT", JOBS, job_xml(job["ID"], Budget="7")) == "The job cannot be updated in its current state"


def test_the_limits_count_writes_and_can_be_ordered_for_them(app: XeroApp) -> None:
    job = open_job(app)
    spoil(app, "limit", problem="minute")
    answer = app.send("PUT", JOBS, job_xml(job["ID"], Budget="7"))
    assert (answer.status_code, answer.headers["x-rate-limit-problem"]) == (429, "minute")
    left = [app.send("PUT", JOBS, job_xml(job["ID"], Budget="7")).headers["x-minlimit-remaining"] for _ in range(2)]
    assert int(left[0]) - int(left[1]) == 1
    assert job_now(app, job["ID"]) == job | {"Budget": "7.00"}


@pytest.mark.parametrize(
    "order",
    [
        {"area": "xpm", "kind": "edit_between", "entity": "jobs", "key": "J000001"},
        {"area": "xpm", "kind": "edit_between", "entity": "jobs", "key": "J000001", "fields": "Name"},
        {"area": "tax", "kind": "ok_but_ignored"},
        {"area": "xpm", "kind": "status", "method": "PATCH"},
        {"area": "xpm", "kind": "status", "method": 1},
    ],
)
def test_a_write_fault_that_lacks_something_is_refused(app: XeroApp, order: dict[str, object]) -> None:
    answer = app.http.post("/sandbox/faults", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]


FAULTS = st.sampled_from([None, "lost_answer", "reset", "status", "status_after", "error_body", "ok_but_ignored"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FAULTS, max_size=8))
def test_whatever_the_app_was_told_the_journal_counts_what_xpm_did(app: XeroApp, kinds: list[str | None]) -> None:
    """Each write sets a budget of its own, so the last one applied shows in the record."""
    job, seen = open_job(app), max([write["number"] for write in app.journal()], default=0)
    for number, kind in enumerate(kinds):
        app.control("POST", "limits/reset")
        if kind:
            spoil(app, kind)
        try:
            app.send("PUT", JOBS, job_xml(job["ID"], Budget=str(number)))
        except httpx.TransportError:
            assert kind in {"lost_answer", "reset"}
    done = [write for write in app.journal(seen) if write["applied"]]
    assert len(done) == sum(kind in {None, "lost_answer", "status_after"} for kind in kinds)
    last = max((n for n, kind in enumerate(kinds) if kind in {None, "lost_answer", "status_after"}), default=None)
    assert job_now(app, job["ID"])["Budget"] == (job["Budget"] if last is None else f"{last}.00")
