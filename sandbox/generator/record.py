"""The shape of a record, and how XPM writes dates and references in it."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
"""A record by XPM's element names. A scalar is the string XPM writes, or None; a list holds records; a reference is
a record of UUID and Name. Tax returns use the JSON names of the feed."""


def xpm_date(value: date) -> str:
    """Write a date as XPM's lists do: at midnight, without a time zone."""
    return f"{value.isoformat()}T00:00:00"


def reference(uuid: str, name: str | None) -> Record:
    """Return what XPM writes where one record refers to another."""
    return {"UUID": uuid, "Name": name}
