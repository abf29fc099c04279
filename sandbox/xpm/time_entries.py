"""The endpoints of `time.api`. Adding is the one write here that is not repeatable: each call makes another entry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

from lxml import etree
from starlette.responses import Response

from sandbox.accounts.account import Account
from sandbox.accounts.time_entries import RecordedTime
from sandbox.generator.record import Record, reference, xpm_date
from sandbox.xpm import views
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.envelope import error, listing, ok
from sandbox.xpm.job_writes import job_of
from sandbox.xpm.refusals import (
    BAD_MINUTES,
    CLOSED_FOR_TIME,
    LOCKED,
    NO_JOB,
    NO_STAFF,
    NO_TASK,
    NO_TIME,
    NOT_ASSIGNED,
    RefusedByXpm,
)
from sandbox.xpm.request_body import day, parse, text, whole
from sandbox.xpm.write_endpoint import AccountWrite

_ELEMENTS = ("Job", "TaskUUID", "StaffUUID", "Date", "Minutes", "Start", "End", "Note", "Billable")
_CLOCK = re.compile(r"\d\d:\d\d", re.ASCII)


def time_of_job(call: ReceivedCall) -> Response:
    """`job/{number}[?from=…&to=…]`: the entries of a job, dated within the range if there is one."""
    position = call.account.jobs.find(call.args[0])
    if position is None:
        return error(call.api_method, NO_JOB)
    first = call.day("from") if "from" in call.query else date.min
    last = call.day("to") if "to" in call.query else date.max
    shown = [time_record(call.account, e) for e in call.account.time_entries.of_job(position) if first <= e.day <= last]
    return listing(call, "Times", map(views.TIME.write, shown), views.TIME, shown.__getitem__)


def time_get(call: ReceivedCall) -> Response:
    """`get/{uuid}`."""
    entry = call.account.time_entries.find(call.args[0])
    if entry is None:
        return error(call.api_method, NO_TIME)
    return ok(call.api_method, views.TIME.write(time_record(call.account, entry)))


def time_add(call: ReceivedCall) -> AccountWrite:
    """`add`: answers with the new entry, which has a new UUID each time."""
    account, root = call.account, parse(call.body)
    position, job = job_of(account, text(root, "Job"))
    entry = RecordedTime(
        uuid=str(uuid4()),
        job=position,
        task=_task(job, text(root, "TaskUUID") or "")["UUID"],
        staff=_staff(account, text(root, "StaffUUID") or ""),
        day=day(text(root, "Date") or ""),
        note=text(root, "Note") or None,
        billable=text(root, "Billable") != "false",
        **_length(root),
    )
    _check_rules(account, entry)
    return _put(account, entry, root)


def time_update(call: ReceivedCall) -> AccountWrite:
    """`update`: changes the elements in the request; the others stay."""
    account, root = call.account, parse(call.body)
    before = account.time_entries.find(text(root, "UUID") or "")
    if before is None:
        raise RefusedByXpm(NO_TIME)
    _check_lock(account, before.day)
    entry = replace(before, **_changes(account, root, before))
    _check_rules(account, entry)
    return _put(account, entry, root)


def time_delete(call: ReceivedCall) -> AccountWrite:
    """`delete/{uuid}`: answers OK alone."""
    entries = call.account.time_entries
    entry = entries.find(call.args[0])
    if entry is None:
        raise RefusedByXpm(NO_TIME)
    _check_lock(call.account, entry.day)
    _check_open(call.account, call.account.jobs.record(entry.job))
    return AccountWrite("time_entries", entry.uuid, (), lambda: entries.remove(entry.uuid))


def time_record(account: Account, entry: RecordedTime) -> Record:
    """Return an entry as answers have it, with the names that job, task and staff have now."""
    job = account.jobs.record(entry.job)
    task = _task_of(job, entry.task) or {}
    position = account.staff.find(entry.staff)
    staff = account.staff.record(position) if position is not None else {}
    return {
        "UUID": entry.uuid,
        "Job": {"ID": job["ID"], "Name": job["Name"]},
        "Task": reference(entry.task, task.get("Name")),
        "Staff": reference(entry.staff, staff.get("Name")),
        "Date": xpm_date(entry.day),
        "Minutes": str(entry.minutes),
        "Note": entry.note,
        "Billable": "true" if entry.billable else "false",
        "Start": entry.start,
        "End": entry.end,
    }


def _put(account: Account, entry: RecordedTime, root: etree._Element) -> AccountWrite:
    elements = tuple(name for name in _ELEMENTS if root.find(name) is not None)
    answer = views.TIME.write(time_record(account, entry))
    return AccountWrite("time_entries", entry.uuid, elements, lambda: account.time_entries.put(entry), answer)


def _changes(account: Account, root: etree._Element, before: RecordedTime) -> Record:
    """Return the fields that an update sets. A new job must have the task."""
    number = text(root, "Job") or account.jobs.key(before.job)
    position, job = job_of(account, number)
    changes: Record = {"job": position, "task": _task(job, text(root, "TaskUUID") or before.task)["UUID"]}
    if staff := text(root, "StaffUUID"):
        changes["staff"] = _staff(account, staff)
    if written := text(root, "Date"):
        changes["day"] = day(written)
    if (note := text(root, "Note")) is not None:
        changes["note"] = note or None
    if (billable := text(root, "Billable")) is not None:
        changes["billable"] = billable != "false"
    if any(text(root, name) for name in ("Minutes", "Start", "End")):
        changes |= _length(root)
    return changes


def _length(root: etree._Element) -> Record:
    """Return the minutes, or start, end and the minutes between them.

    Raises:
        RefusedByXpm: neither, or an end before its start.
    """
    if written := text(root, "Minutes"):
        return {"minutes": whole(written), "start": None, "end": None}
    start, end = text(root, "Start") or "", text(root, "End") or ""
    minutes = _clock(end) - _clock(start)
    if minutes < 0:
        raise RefusedByXpm(BAD_MINUTES)
    return {"minutes": minutes, "start": start, "end": end}


def _clock(written: str) -> int:
    """Return the minutes since midnight of `HH:MM`."""
    try:
        if _CLOCK.fullmatch(written):
            moment = datetime.strptime(written, "%H:%M").replace(tzinfo=UTC)
            return moment.hour * 60 + moment.minute
    except ValueError:
        pass
    raise RefusedByXpm(BAD_MINUTES)


def _task(job: Record, uuid: str) -> Record:
    """Return the task of the job. `TaskUUID` means the task on this job, which answers give as `Task/UUID`."""
    found = _task_of(job, uuid.lower())
    if found is None:
        raise RefusedByXpm(NO_TASK)
    return found


def _task_of(job: Record, uuid: str) -> Record | None:
    return next((task for task in job["Tasks"] or [] if task["UUID"] == uuid), None)


def _staff(account: Account, uuid: str) -> str:
    position = account.staff.find(uuid)
    if position is None:
        raise RefusedByXpm(NO_STAFF)
    return account.staff.key(position)


def _check_rules(account: Account, entry: RecordedTime) -> None:
    """Refuse time in a locked period, on a closed job, or of staff who are not assigned."""
    job = account.jobs.record(entry.job)
    _check_lock(account, entry.day)
    _check_open(account, job)
    holders = [job, _task_of(job, entry.task) or {}]
    assigned = {staff["UUID"] for holder in holders for staff in holder.get("Assigned") or []}
    if account.rules.time_needs_assignment and entry.staff not in assigned:
        raise RefusedByXpm(NOT_ASSIGNED)


def _check_lock(account: Account, dated: date) -> None:
    locked = account.rules.wip_lock_date
    if locked is not None and dated <= locked:
        raise RefusedByXpm(LOCKED)


def _check_open(account: Account, job: Record) -> None:
    if "time" in account.rules.closed_jobs_refuse and account.rules.is_closed(job["State"]):
        raise RefusedByXpm(CLOSED_FOR_TIME)
