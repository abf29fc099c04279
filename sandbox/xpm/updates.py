"""What `job.api/update` and `client.api/update` share: elements of a request become elements of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sandbox.accounts.account import Account
from sandbox.accounts.table import Table
from sandbox.generator.record import Record, reference, xpm_date
from sandbox.xpm import request_body
from sandbox.xpm.refusals import NO_CATEGORY, NO_CLIENT, NO_NAME, NO_STAFF, RefusedByXpm

Read = Callable[[Account, str], Any]
"""Turns the text of a request's element, "" if empty, into what the record holds. Raises `RefusedByXpm`."""


@dataclass(frozen=True)
class RequestElement:
    """One element that an update may name.

    Attributes:
        element: its name in the record; requests name some elements differently.
        survives: whether it is kept where a practice's rule clears omitted elements.
    """

    element: str
    read: Read
    survives: bool = False


def fields_of(account: Account, root: etree._Element, updatable: Mapping[str, RequestElement]) -> Record:
    """Return the elements of the record that the request sets, by the practice's rule on omitted ones.

    Raises:
        RefusedByXpm: a value is wrong. Unknown elements are ignored.
    """
    fields: Record = {}
    for name, target in updatable.items():
        written = request_body.text(root, name)
        if written is not None:
            fields[target.element] = target.read(account, written)
        elif account.rules.omitted == "cleared" and not target.survives:
            fields.setdefault(target.element, None)
    return fields


def as_text(_: Account, written: str) -> str | None:
    """Read text as it is."""
    return written or None


def as_name(_: Account, written: str) -> str:
    """Read a name, which cannot be cleared."""
    if not written.strip():
        raise RefusedByXpm(NO_NAME)
    return written


def as_date(_: Account, written: str) -> str | None:
    """Read a date."""
    return xpm_date(request_body.day(written)) if written else None


def as_money(_: Account, written: str) -> str | None:
    """Read an amount."""
    return f"{request_body.decimal(written):.2f}" if written else None


def as_staff(account: Account, written: str) -> Record | None:
    """Read the UUID of a member of staff."""
    return _reference(account.staff, written, NO_STAFF) if written else None


def as_client(account: Account, written: str) -> Record | None:
    """Read the UUID of a client."""
    return _reference(account.clients, written, NO_CLIENT) if written else None


def as_category(account: Account, written: str) -> str | None:
    """Read the UUID of a category. A job shows its name."""
    return str(_reference(account.categories, written, NO_CATEGORY)["Name"]) if written else None


def _reference(table: Table[Any], uuid: str, unknown: str) -> Record:
    position = table.find(uuid)
    if position is None:
        raise RefusedByXpm(unknown)
    record = table.record(position)
    return reference(record["UUID"], record["Name"])
