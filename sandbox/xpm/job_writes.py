"""The writes of `job.api`: update, state and assign."""

from __future__ import annotations

from typing import Any

from lxml import etree

from sandbox.accounts import edits
from sandbox.accounts.account import Account
from sandbox.generator.record import Record, reference
from sandbox.xpm import views
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.refusals import CLOSED, NO_JOB, NO_STAFF, NO_STAFF_TO_REMOVE, NO_STATE, NO_TASK, RefusedByXpm
from sandbox.xpm.request_body import parse, text
from sandbox.xpm.updates import RequestElement, as_category, as_date, as_money, as_name, as_text, fields_of
from sandbox.xpm.write_endpoint import AccountWrite

_UPDATABLE = {
    "Name": RequestElement("Name", as_name, survives=True),
    "Description": RequestElement("Description", as_text),
    "StartDate": RequestElement("StartDate", as_date),
    "DueDate": RequestElement("DueDate", as_date),
    "ClientNumber": RequestElement("ClientOrderNumber", as_text),
    "CategoryID": RequestElement("Type", as_category),  # so in Xero's sample of an update
    "CategoryUUID": RequestElement("Type", as_category),
    "Budget": RequestElement("Budget", as_money),
}


def job_update(call: ReceivedCall) -> AccountWrite:
    """`update`: changes the elements in the request and answers with the job."""
    root, account = parse(call.body), call.account
    job = _job(account, root)
    if account.rules.closed_jobs_refuse_updates and account.rules.is_closed(job["State"]):
        raise RefusedByXpm(CLOSED)
    return _change(account, job, fields_of(account, root, _UPDATABLE))


def job_state(call: ReceivedCall) -> AccountWrite:
    """`state`: moves the job to the state of a code, which is not the name that people see."""
    root, account = parse(call.body), call.account
    job = _job(account, root)
    state = account.rules.state_codes.get(text(root, "State") or "")
    if state is None:
        raise RefusedByXpm(NO_STATE)
    return _change(account, job, {"State": state.name}, with_job=account.rules.state_answers_job)


def job_assign(call: ReceivedCall) -> AccountWrite:
    """`assign`: replaces or removes manager and partner, and adds or removes staff of the job or of one task."""
    root, account = parse(call.body), call.account
    job = _job(account, root)
    fields: Record = {}
    for order in root:
        fields |= _assigned(account, job | fields, order)
    return _change(account, job, fields)


def job_of(account: Account, number: str | None) -> tuple[int, Record]:
    """Return the position and the record of the job with that number.

    Raises:
        RefusedByXpm: there is none.
    """
    position = account.jobs.find(number) if number else None
    if position is None:
        raise RefusedByXpm(NO_JOB)
    return position, account.jobs.record(position)


def _job(account: Account, root: etree._Element) -> Record:
    return job_of(account, text(root, "ID") if root.tag == "Job" else None)[1]


def _change(account: Account, job: Record, fields: Record, *, with_job: bool = True) -> AccountWrite:
    number = job["ID"]
    planned = edits.changed(account, "jobs", number, fields)
    return AccountWrite(
        "jobs",
        number,
        tuple(fields),
        lambda: edits.change(account, "jobs", number, fields),
        views.JOB_DETAILED.write(planned) if with_job else b"",
    )


def _assigned(account: Account, job: Record, order: etree._Element) -> Record:
    """Return what one element of an assignment sets; an unknown element sets nothing."""
    match order.tag:
        case "add-manager":
            return {"Manager": _staff(account, order)}
        case "remove-manager":
            return {"Manager": None}
        case "add-partner":
            return {"Partner": _staff(account, order)}
        case "remove-partner":
            return {"Partner": None}
        case "add" | "remove":
            return _with_staff(account, job, order)
        case _:
            return {}


def _with_staff(account: Account, job: Record, order: etree._Element) -> Record:
    staff = _staff(account, order)
    task_uuid = order.get("task-uuid")
    if task_uuid is None:
        return {"Assigned": _roster(job["Assigned"], staff, order.tag)}
    if task_uuid not in {task["UUID"] for task in job["Tasks"] or []}:
        raise RefusedByXpm(NO_TASK)
    return {
        "Tasks": [
            task | {"Assigned": _roster(task["Assigned"], staff, order.tag)} if task["UUID"] == task_uuid else task
            for task in job["Tasks"]
        ]
    }


def _roster(assigned: list[Record] | None, staff: Record, verb: Any) -> list[Record]:  # noqa: ANN401 - as lxml types it
    """Add a member of staff once, or remove them. Somebody who is there already keeps their allocated minutes."""
    there = [other for other in assigned or [] if other["UUID"] == staff["UUID"]]
    others = [other for other in assigned or [] if other["UUID"] != staff["UUID"]]
    return others if verb == "remove" else [*others, *(there or [staff])]


def _staff(account: Account, order: etree._Element) -> Record:
    """Return the reference that an element of an assignment names; Xero's sample writes `id` in places.

    Raises:
        RefusedByXpm: no such member of staff.
    """
    position = account.staff.find(order.get("uuid") or order.get("id") or "")
    if position is None:
        raise RefusedByXpm(NO_STAFF_TO_REMOVE if order.tag == "remove" else NO_STAFF)
    member = account.staff.record(position)
    return reference(member["UUID"], member["Name"])
