"""Writing custom-field values of a job or a client, all fields of the record in one call."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from sandbox.accounts import edits
from sandbox.accounts.account import Account, Owner
from sandbox.generator.record import Record, xpm_date
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.client_writes import client_of
from sandbox.xpm.job_writes import job_of
from sandbox.xpm.refusals import BAD_OPTION, BAD_VALUE, NO_FIELD, RefusedByXpm
from sandbox.xpm.request_body import day, decimal, parse, text, whole
from sandbox.xpm.write_endpoint import AccountWrite

_USED_BY = {"job": "UseJob", "client": "UseClient"}


def job_values_update(call: ReceivedCall) -> AccountWrite:
    """`job.api/update/{number}/customfield`: fields that the request does not list keep their values."""
    _, job = job_of(call.account, call.args[0])
    return _change(call, "job", job["ID"])


def client_values_update(call: ReceivedCall) -> AccountWrite:
    """`client.api/update/{uuid}/customfield`: fields that the request does not list keep their values."""
    _, client = client_of(call.account, call.args[0])
    return _change(call, "client", client["UUID"])


def _change(call: ReceivedCall, owner: Owner, key: str) -> AccountWrite:
    account = call.account
    values = [_value(account, owner, field) for field in parse(call.body).iter("CustomField")]

    def apply() -> None:
        edits.change(account, "custom_field_values", key, {"values": values})
        if owner == "client" and account.rules.custom_fields_touch_modified:
            edits.change(account, "clients", key, {})

    return AccountWrite("custom_field_values", key, tuple(value["UUID"] for value in values), apply)


def _value(account: Account, owner: Owner, field: etree._Element) -> Record:
    """Return one value as the account stores it; one without a value clears the field.

    Raises:
        RefusedByXpm: not a field of such records, or its value is not in the element of its type.
    """
    position = account.definitions.find(text(field, "UUID") or "")
    definition = account.definitions.record(position) if position is not None else {}
    if definition.get(_USED_BY[owner]) != "true":
        raise RefusedByXpm(NO_FIELD)
    element = definition["ValueElement"]
    written = text(field, element)
    if written is None:
        raise RefusedByXpm(BAD_VALUE)
    _check_option(account, definition, written)
    return {"UUID": definition["UUID"], element: _READ.get(element, _text)(written)}


def _check_option(account: Account, definition: Record, written: str) -> None:
    options = [option.strip() for option in (definition["Options"] or "").split(",")]
    if account.rules.options_checked and definition["Type"] == "Dropdown List" and written and written not in options:
        raise RefusedByXpm(BAD_OPTION)


def _text(written: str) -> str | None:
    return written or None


def _date(written: str) -> str | None:
    return xpm_date(day(written)) if written else None


def _decimal(written: str) -> str | None:
    """Answers have thousands separators, which requests must not have."""
    return f"{decimal(written):,.2f}" if written else None


def _number(written: str) -> str | None:
    return str(whole(written)) if written else None


def _boolean(written: str) -> str | None:
    """A checkbox that is not ticked has no value. It cannot be cleared by an empty element."""
    if written not in {"true", "false"}:
        raise RefusedByXpm(BAD_VALUE)
    return "true" if written == "true" else None


_READ: dict[str, Callable[[str], str | None]] = {
    "Date": _date,
    "Decimal": _decimal,
    "Number": _number,
    "Boolean": _boolean,
}
