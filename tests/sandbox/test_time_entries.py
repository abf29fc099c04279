"""Recording time on jobs."""

from typing import Any

import pytest

from sandbox.world import HARBOUR_VALE
from tests.sandbox.writing import assign, open_job, rules, timesheet
from tests.sandbox.xero_app import XeroApp, read


@pytest.fixture
def job(app: XeroApp) -> dict[str, Any]:
    """Give an open job to which the first member of staff is assigned."""
    found = open_job(app)
    assign(app, found, f'<add uuid="{staff_of(app)}"/>')
    return found


def staff_of(app: XeroApp, place: int = 0) -> str:
    return str(app.truth("staff")[place]["UUID"])


def times(app: XeroApp) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = app.control("GET", f"tenants/{HARBOUR_VALE}/times").json()
    return shown


def test_added_time_is_answered_listed_and_got_with_its_uuid(app: XeroApp, job: dict[str, Any]) -> None:
    added = read(app.written("POST", "time.api/add", timesheet(job, staff_of(app)))[1])
    assert added == {
        "UUID": added["UUID"],
        "Job": {"ID": job["ID"], "Name": job["Name"]},
        "Task": {"UUID": job["Tasks"][0]["UUID"], "Name": job["Tasks"][0]["Name"]},
        "Staff": {"UUID": staff_of(app), "Name": app.truth("staff")[0]["Name"]},
        "Date": "2026-11-03T00:00:00",
        "Minutes": "60",
        "Note": "Reviewed <the> ledger & rang",
        "Billable": "true",
    } | {name: None for name in ("Start", "End") if name in added}
    assert [read(item) for item in app.items(f"time.api/job/{job['ID']}", "Time")] == [added]
    assert read(app.xml(f"time.api/get/{added['UUID']}")[1]) == added


def test_the_same_time_sent_twice_stands_there_twice(app: XeroApp, job: dict[str, Any]) -> None:
    body = timesheet(job, staff_of(app))
    uuids = [app.written("POST", "time.api/add", body).findtext("Time/UUID") for _ in range(2)]
    assert [item.findtext("UUID") for item in app.items(f"time.api/job/{job['ID']}", "Time")] == uuids
    assert len(set(uuids)) == 2
    assert [(write["entity"], write["key"]) for write in app.journal()[-2:]] == [("time_entries", key) for key in uuids]


def test_a_list_of_time_keeps_to_its_days(app: XeroApp, job: dict[str, Any]) -> None:
    for day in ("20261101", "20261102", "20261103"):
        app.written("POST", "time.api/add", timesheet(job, staff_of(app), Date=day, Note=day))
    path = f"time.api/job/{job['ID']}"
    notes = {
        window: [item.findtext("Note") for item in app.items(path, "Time", **{"from": window[0], "to": window[1]})]
        for window in (("20261102", "20261102"), ("20261102", "20261231"))
    }
    assert list(notes.values()) == [["20261102"], ["20261102", "20261103"]]
    assert app.xpm(path, **{"from": "2026-11-02"}).status_code == 400
    assert app.xml("time.api/job/NOPE").findtext("ErrorDescription") == "Invalid job identifier"
    assert app.xml("time.api/get/no").findtext("ErrorDescription") == "Invalid time identifier"


@pytest.mark.parametrize(
    ("length", "minutes"),
    [
        ({"Minutes": "0"}, "0"),
        ({"Minutes": "-30"}, "-30"),
        ({"Minutes": "", "Start": "13:00", "End": "13:45"}, "45"),
        ({"Minutes": "", "Start": "13:00", "End": "13:00"}, "0"),
    ],
)
def test_time_is_written_in_minutes_or_from_start_to_end(
    app: XeroApp, job: dict[str, Any], length: dict[str, str], minutes: str
) -> None:
    added = read(app.written("POST", "time.api/add", timesheet(job, staff_of(app), **length))[1])
    assert added["Minutes"] == minutes
    assert (added.get("Start"), added.get("End")) == (length.get("Start"), length.get("End"))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"Job": "NOPE"}, "Invalid job identifier"),
        ({"Job": ""}, "Invalid job identifier"),
        ({"TaskUUID": "no"}, "Invalid task identifier"),
        ({"TaskUUID": ""}, "Invalid task identifier"),
        ({"StaffUUID": "no"}, "Invalid staff identifier for add request"),
        ({"Date": "2026-11-03"}, "Invalid date, expected format is YYYYMMDD"),
        ({"Date": ""}, "Invalid date, expected format is YYYYMMDD"),
        ({"Minutes": "1.5"}, "Invalid number"),
        ({"Minutes": ""}, "Minutes, or start and end time, must be specified"),
        ({"Minutes": "", "Start": "14:00", "End": "13:00"}, "Minutes, or start and end time, must be specified"),
        ({"Minutes": "", "Start": "24:00", "End": "25:00"}, "Minutes, or start and end time, must be specified"),
    ],
)
def test_time_that_is_not_complete_is_refused(
    app: XeroApp, job: dict[str, Any], parts: dict[str, str], said: str
) -> None:
    assert app.refusal("POST", "time.api/add", timesheet(job, staff_of(app), **parts)) == said
    assert times(app) == []


def test_an_update_changes_what_it_names_and_deleting_removes_the_entry(app: XeroApp, job: dict[str, Any]) -> None:
    added = read(app.written("POST", "time.api/add", timesheet(job, staff_of(app)))[1])
    body = f"<Timesheet><UUID>{added['UUID']}</UUID><Minutes>90</Minutes><Note/></Timesheet>"
    changed = read(app.written("PUT", "time.api/update", body)[1])
    assert changed | {"Note": None} == added | {"Minutes": "90", "Note": None}
    deleted = app.written("DELETE", f"time.api/delete/{added['UUID']}")
    assert [child.tag for child in deleted] == ["Status"]
    assert times(app) == []
    for verb, path, again in (("PUT", "update", body), ("DELETE", f"delete/{added['UUID']}", "")):
        assert app.refusal(verb, f"time.api/{path}", again) == "Invalid time identifier"


def test_an_update_can_move_time_to_another_task_day_and_person(app: XeroApp, job: dict[str, Any]) -> None:
    added = read(app.written("POST", "time.api/add", timesheet(job, staff_of(app)))[1])
    rules(app, time_needs_assignment=False)
    other = {"TaskUUID": job["Tasks"][1]["UUID"], "StaffUUID": staff_of(app, 1), "Date": "20261104", "Note": "moved"}
    body = timesheet(job, staff_of(app), **other, Billable="false", Minutes="")
    changed = read(
        app.written("PUT", "time.api/update", body.replace("<Job>", f"<UUID>{added['UUID']}</UUID><Job>"))[1]
    )
    assert (changed["Task"]["UUID"], changed["Staff"]["UUID"]) == (other["TaskUUID"], other["StaffUUID"])
    assert (changed["Date"], changed["Note"], changed["Minutes"]) == ("2026-11-04T00:00:00", "moved", "60")
    assert changed["Billable"] == "false"


def test_time_follows_its_job_when_the_job_is_renamed_or_renumbered(app: XeroApp, job: dict[str, Any]) -> None:
    app.written("POST", "time.api/add", timesheet(job, staff_of(app)))
    app.control("PATCH", f"tenants/{HARBOUR_VALE}/records/jobs/{job['ID']}", {"ID": "NEW-1", "Name": "Renamed"})
    (item,) = app.items("time.api/job/NEW-1", "Time")
    assert read(item)["Job"] == {"ID": "NEW-1", "Name": "Renamed"}
