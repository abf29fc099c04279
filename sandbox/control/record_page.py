"""The page of one record: what a person sees in XPM, and a form with which they change a field there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.accounts import edits
from sandbox.accounts.account import Account, Owner
from sandbox.accounts.edits import BadEdit
from sandbox.accounts.table import Table
from sandbox.control.json_calls import world_of
from sandbox.generator.record import Record, reference, xpm_date
from sandbox.pages import page
from sandbox.xpm.time_entries import time_record

_OWNERS: Mapping[str, Owner] = {"jobs": "job", "clients": "client"}
_FIXED: Mapping[str, frozenset[str]] = {
    "jobs": frozenset({"ID", "UUID", "CompletedDate", "Client", "Contact", "Assigned", "Tasks", "Milestones", "Notes"}),
    "clients": frozenset({"UUID", "Type", "BillingClient", "Contacts", "Notes", "Groups", "Relationships"}),
}
"""What the form does not change."""
_STAFF = frozenset({"Manager", "Partner", "AccountManager", "JobManager"})
_DATES = frozenset({"StartDate", "DueDate", "DateOfBirth", "DateOfDeath"})


async def look_up(request: Request) -> Response:
    """`GET /record?tenant=…&key=…`: go to the record with that number, UUID or client's name."""
    account = world_of(request).accounts.get(request.query_params.get("tenant", ""))
    found = _find(account, request.query_params.get("key", "").strip()) if account else None
    if account is None or found is None:
        return page("no_record.html", 404)
    return RedirectResponse(_path(account, *found), status_code=303)


async def show_record(request: Request) -> Response:
    """`GET /record/{tenant}/{entity}/{key}`."""
    return _page(request)


async def edit_record(request: Request) -> Response:
    """`POST /record/{tenant}/{entity}/{key}`: set one field as somebody in XPM would."""
    account, entity, key = _target(request)
    if account is None or entity not in _OWNERS or _table(account, entity).find(key) is None:
        return page("no_record.html", 404)
    form = await request.form()
    try:
        _edit(account, entity, key, str(form.get("field", "")), str(form.get("value", "")).strip())
    except BadEdit as mistake:
        return _page(request, str(mistake))
    return RedirectResponse(_path(account, entity, key), status_code=303)


def _table(account: Account, entity: str) -> Table[Any]:
    """Return the table of jobs or of clients."""
    return account.jobs if entity == "jobs" else account.clients


def _target(request: Request) -> tuple[Account | None, str, str]:
    asked = request.path_params
    return world_of(request).accounts.get(asked["tenant"]), asked["entity"], asked["key"]


def _path(account: Account, entity: str, key: str) -> str:
    return f"/record/{account.tenant_id}/{entity}/{quote(key, safe='')}"


def _find(account: Account, key: str) -> tuple[str, str] | None:
    """Return entity and key of the record with that number, UUID or client's name."""
    for entity in _OWNERS:
        table = _table(account, entity)
        position = table.find(key)
        if position is not None:
            return entity, table.key(position)
    named = next((p for p in account.clients.positions(lambda o: o.name.lower() == key.lower())), None)
    if named is not None:
        return "clients", account.clients.key(named)
    number = next((job["ID"] for job in account.jobs.records() if job["UUID"] == key.lower()), None)
    return ("jobs", number) if number else None


def _page(request: Request, mistake: str | None = None) -> Response:
    account, entity, key = _target(request)
    position = _table(account, entity).find(key) if account and entity in _OWNERS else None
    if account is None or position is None:
        return page("no_record.html", 404)
    record = _table(account, entity).record(position)
    entries = account.time_entries.of_job(position) if entity == "jobs" else []
    return page(
        "record.html",
        400 if mistake else 200,
        account=account,
        record=record,
        kind="Job" if entity == "jobs" else "Client",
        number=record["ID"] if entity == "jobs" else record["UUID"],
        fields={name: _shown(part) for name, part in record.items()},
        changeable=[name for name in record if name not in _FIXED[entity]],
        custom_fields=_custom_fields(account, _OWNERS[entity], position),
        times=[time_record(account, entry) for entry in entries],
        suggestions=[*(state.name for state in account.rules.state_codes.values()), *_staff_names(account)],
        mistake=mistake,
    )


def _shown(part: Any) -> str:  # noqa: ANN401 - a part of a record
    """Write a part of a record in one line: a reference by its name, a list by its names or its length."""
    if isinstance(part, dict):
        return str(part.get("Name") or "")
    if isinstance(part, list):
        names = [item["Name"] for item in part if item.get("Name")]
        return ", ".join(names) if names else str(len(part) or "")
    return str(part or "").removesuffix("T00:00:00")


def _custom_fields(account: Account, owner: Owner, position: int) -> list[Record]:
    """Return all custom fields of such records with UUID, Name, Type and their value, "" if they have none."""
    held = {value["UUID"]: value for value in account.values(owner, position)}
    use = "UseJob" if owner == "job" else "UseClient"
    return [
        {**row, "value": _shown(held.get(row["UUID"], {}).get(row["ValueElement"]))}
        for row in account.definitions.records()
        if row[use] == "true"
    ]


def _staff_names(account: Account) -> list[str]:
    return [member["Name"] for member in account.staff.records()]


def _edit(account: Account, entity: str, key: str, field: str, written: str) -> None:
    kind, _, uuid = field.partition(":")
    if kind == "custom":
        edits.change(account, "custom_field_values", key, {"values": [_custom_value(account, uuid, written)]})
    elif field in _FIXED[entity]:
        raise BadEdit(f"{field} cannot be changed here.")
    else:
        edits.change(account, entity, key, {field: _value(account, field, written)})


def _custom_value(account: Account, uuid: str, written: str) -> Record:
    position = account.definitions.find(uuid)
    if position is None:
        raise BadEdit("No custom field has that UUID.")
    element = account.definitions.record(position)["ValueElement"]
    return {"UUID": uuid, element: _date(written) if element == "Date" else written or None}


def _value(account: Account, field: str, written: str) -> Any:  # noqa: ANN401 - a part of a record
    if field in _STAFF:
        return _member(account, written)
    if field in _DATES:
        return _date(written)
    if field == "State" and written not in {state.name for state in account.rules.state_codes.values()}:
        raise BadEdit(f"No state is called {written}.")
    if field == "Name" and not written:
        raise BadEdit("A record needs a Name.")
    return written or None


def _member(account: Account, name: str) -> Record | None:
    found = next((member for member in account.staff.records() if member["Name"] == name), None)
    if found is None and name:
        raise BadEdit(f"Nobody on the staff is called {name}.")
    return reference(found["UUID"], found["Name"]) if found else None


def _date(written: str) -> str | None:
    try:
        return xpm_date(date.fromisoformat(written)) if written else None
    except ValueError as problem:
        raise BadEdit("A date is written like 2026-05-31.") from problem


_ONE = "/record/{tenant}/{entity}/{key:path}"
RECORD_ROUTES = [
    Route("/record", look_up),
    Route(_ONE, show_record, methods=["GET"]),
    Route(_ONE, edit_record, methods=["POST"]),
]
