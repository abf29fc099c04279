"""Adds, changes, archives and deletes records, as people do in XPM while apps read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from sandbox.accounts.account import Account, Owner, client_outline, job_outline
from sandbox.accounts.table import Table
from sandbox.generator.clients import CLIENT_ELEMENTS
from sandbox.generator.custom_fields import definitions
from sandbox.generator.jobs import JOB_ELEMENTS
from sandbox.generator.record import Record, xpm_date
from sandbox.generator.tax_returns import RETURN_FIELDS

_STAFF_ELEMENTS = ("UUID", "Name", "Email", "Phone", "Mobile", "Address", "PayrollCode", "WebUrl")
_ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "clients": CLIENT_ELEMENTS,
    "jobs": JOB_ELEMENTS,
    "staff": _STAFF_ELEMENTS,
    "groups": ("UUID", "Name", "Taxable", "WebUrl"),
    "categories": ("UUID", "Name"),
    "job_states": ("UUID", "Name"),
    "custom_field_definitions": tuple(definitions("")[0]),
    "tax_returns": RETURN_FIELDS,
}
ENTITIES = (*_ELEMENTS, "custom_field_values")
"""Every kind of record in the control API."""
_LISTS = frozenset({"Contacts", "Notes", "Groups", "Relationships", "Assigned", "Tasks", "Milestones"})


class BadEdit(ValueError):
    """The edit is not possible; the message says why."""


class NoSuchRecord(LookupError):
    """No record has that key."""


def add(account: Account, entity: str, fields: Record, created: date | None = None) -> Record:
    """Add a record and return it with all its elements: those not given are empty, a missing key is generated.

    A job without a given UUID is one whose UUID XPM leaves out.

    Args:
        created: the creation date of a job, by which `job.api/list` selects; today by default.

    Raises:
        BadEdit: unknown elements, no name, or a key that is taken.
    """
    if entity == "custom_field_values":
        return change(account, entity, _text(fields, "key"), fields)
    record = _blank(entity) | _checked(entity, fields)
    key_name = _key_name(entity)
    record[key_name] = record[key_name] or _new_key(account, entity)
    if entity != "tax_returns" and not record["Name"]:
        raise BadEdit("A record needs a Name.")
    try:
        _put_new(account, entity, record[key_name], record, created)
    except ValueError as taken:
        raise BadEdit(str(taken)) from taken
    return record


def change(account: Account, entity: str, key: str, fields: Record) -> Record:
    """Replace the given elements of a record and return the record. Closing a job sets its CompletedDate to today.

    A job's number may be changed, since XPM lets people do so; every other key stays.

    For `custom_field_values` the key is the client's UUID or the job's number. `values` are merged by UUID; a value
    that has only UUID and Name is cleared.

    Raises:
        BadEdit: unknown elements, a changed key, or a job's number that is taken.
        NoSuchRecord: unknown key.
    """
    if entity == "custom_field_values":
        return _change_values(account, key, fields)
    with account.lock:
        table, position = _find(account, entity, key)
        record = changed(account, entity, key, fields)
        if record[_key_name(entity)] != table.key(position):
            _renumber(table, entity, position, record[_key_name(entity)])
        _put(account, entity, position, record)
        return record


def changed(account: Account, entity: str, key: str, fields: Record) -> Record:
    """Return the record as `change` would make it, and change nothing. Not for `custom_field_values`.

    Raises:
        BadEdit: unknown elements.
        NoSuchRecord: unknown key.
    """
    table, position = _find(account, entity, key)
    record: Record = table.record(position) | _checked(entity, fields)
    if entity == "jobs":
        finished = record["CompletedDate"] or xpm_date(account.clock.today())
        record["CompletedDate"] = finished if account.rules.is_closed(record["State"]) else None
    return record


def _renumber(table: Table[Any], entity: str, position: int, number: Any) -> None:  # noqa: ANN401 - as sent
    if entity != "jobs" or not isinstance(number, str) or not number:
        raise BadEdit("A record's key cannot be changed.")
    try:
        table.rekey(position, number)
    except ValueError as taken:
        raise BadEdit(str(taken)) from taken


def delete(account: Account, entity: str, key: str) -> None:
    """Delete as XPM does: a client stays and is flagged, custom-field values are cleared, other records vanish.

    Raises:
        NoSuchRecord: unknown key.
    """
    if entity == "clients":
        change(account, entity, key, {"IsDeleted": "Yes"})
    elif entity == "custom_field_values":
        owner, position = _owner(account, key)
        account.set_values(owner, position, [])
    else:
        with account.lock:
            table, position = _find(account, entity, key)
            table.remove(position)


def archive(account: Account, uuid: str) -> Record:
    """Archive a client.

    Raises:
        NoSuchRecord: unknown UUID.
    """
    return change(account, "clients", uuid, {"IsArchived": "Yes"})


def _put_new(account: Account, entity: str, key: str, record: Record, created: date | None) -> None:
    with account.lock:
        if entity == "clients":
            account.clients.add(key, record, client_outline(record, account.clock.now()))
        elif entity == "jobs":
            account.jobs.add(key, record, job_outline(record, created or account.clock.today()))
        else:
            account.catalogues[entity].add(key, record, None)


def _put(account: Account, entity: str, position: int, record: Record) -> None:
    if entity == "clients":
        account.put_client(position, record)
    elif entity == "jobs":
        account.put_job(position, record)
    else:
        table = account.catalogues[entity]
        renamed = record.get("Name") != table.record(position).get("Name")
        table.replace(position, record, None)
        if renamed:
            account.rename(record["UUID"], record["Name"])


def _change_values(account: Account, key: str, fields: Record) -> Record:
    owner, position = _owner(account, key)
    values = fields.get("values")
    if not isinstance(values, list):
        raise BadEdit("values must be a list of {UUID, Text | Decimal | Number | Date | Boolean}.")
    with account.lock:
        held = {value["UUID"]: value for value in account.values(owner, position)}
        for value in values:
            _set_value(account, held, value)
        account.set_values(owner, position, list(held.values()))
        return {"owner": owner, "key": key, "values": list(held.values())}


def _set_value(account: Account, held: dict[str, Record], fields: Record) -> None:
    position = account.definitions.find(_text(fields, "UUID"))
    if position is None:
        raise BadEdit("No custom field has that UUID.")
    definition = account.definitions.record(position)
    written = fields.get(definition["ValueElement"])
    held.pop(definition["UUID"], None)
    if written is not None:
        held[definition["UUID"]] = {
            "UUID": definition["UUID"],
            "Name": definition["Name"],
            definition["ValueElement"]: str(written),
        }


def _owner(account: Account, key: str) -> tuple[Owner, int]:
    client = account.clients.find(key)
    if client is not None:
        return "client", client
    job = account.jobs.find(key)
    if job is None:
        raise NoSuchRecord(key)
    return "job", job


def _find(account: Account, entity: str, key: str) -> tuple[Table[Any], int]:
    tables: dict[str, Table[Any]] = {**account.catalogues, "clients": account.clients, "jobs": account.jobs}
    table = tables[entity]
    position = table.find(key)
    if position is None:
        raise NoSuchRecord(key)
    return table, position


def _blank(entity: str) -> Record:
    blank: Record = {name: [] if name in _LISTS else None for name in _ELEMENTS[entity]}
    if entity == "clients":
        blank |= {"IsArchived": "No", "IsDeleted": "No", "IsProspect": "No"}
    return blank


def _checked(entity: str, fields: Record) -> Record:
    """Return the fields as XPM stores them: text, None, references, and lists of these.

    Raises:
        BadEdit: an element that this kind of record does not have.
    """
    unknown = sorted(set(fields) - set(_ELEMENTS[entity]))
    if unknown:
        raise BadEdit(f"{entity} have no {', '.join(unknown)}.")
    return fields if entity == "tax_returns" else {name: _as_text(value) for name, value in fields.items()}


def _as_text(value: Any) -> Any:  # noqa: ANN401 - walks JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    return value


def _new_key(account: Account, entity: str) -> str:
    if entity != "jobs":
        return str(uuid4())
    number = len(account.jobs) + 1
    while account.jobs.find(f"J{number:06d}") is not None:
        number += 1
    return f"J{number:06d}"


def _key_name(entity: str) -> str:
    return {"jobs": "ID", "tax_returns": "returnId"}.get(entity, "UUID")


def _text(fields: Record, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadEdit(f"{name} is missing.")
    return value
