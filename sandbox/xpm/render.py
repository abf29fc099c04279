"""Renders records to XML. Like XPM, it writes an empty element in three ways: absent, `<X />` or `<X></X>`.

The record and the element alone decide which, so an unchanged record always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zlib import crc32

from sandbox.generator.record import Record

_ITEM = {
    "Contacts": "Contact",
    "Notes": "Note",
    "Groups": "Group",
    "Clients": "Client",
    "Relationships": "Relationship",
    "Assigned": "Staff",
    "Tasks": "Task",
    "Milestones": "Milestone",
    "Comments": "Comment",
    "CustomFields": "CustomField",
}
"""The element that each container repeats."""
_ABSENT_WHEN_BLANK = frozenset({"Email"})  # as in every recorded answer


@dataclass(frozen=True)
class View:
    """One way to render a record: its tag, the elements to omit, and how to reshape the record first."""

    name: str
    tag: str
    without: frozenset[str] = frozenset()
    reshape: Callable[[Record], Record] | None = None

    def write(self, record: Record) -> bytes:
        """Return the record as one XML element in UTF-8."""
        shaped = self.reshape(record) if self.reshape else record
        salt = crc32(str(shaped.get("UUID") or shaped.get("ID")).encode())
        out: list[str] = []
        _write_parts({name: part for name, part in shaped.items() if name not in self.without}, salt, out)
        return f"<{self.tag}>{''.join(out)}</{self.tag}>".encode()


def _write_parts(parts: Record, salt: int, out: list[str]) -> None:
    for name, part in parts.items():
        if isinstance(part, str) and part:
            out.append(f"<{name}>{escape(part)}</{name}>")
        elif not part:
            out.append(_blank(name, salt))
        elif isinstance(part, dict):
            out.append(f"<{name}>")
            _write_parts(part, salt, out)
            out.append(f"</{name}>")
        else:
            _write_items(name, part, salt, out)


def _write_items(name: str, items: list[Record], salt: int, out: list[str]) -> None:
    tag = _ITEM[name]
    out.append(f"<{name}>")
    for rank, item in enumerate(items):
        out.append(f"<{tag}>")
        _write_parts(item, salt + rank + 1, out)
        out.append(f"</{tag}>")
    out.append(f"</{name}>")


def _blank(name: str, salt: int) -> str:
    if name in _ABSENT_WHEN_BLANK:
        return ""
    return ("", f"<{name} />", f"<{name}></{name}>")[(salt ^ _hash(name)) % 3]


@cache
def _hash(name: str) -> int:
    return crc32(name.encode())


def escape(text: str) -> str:
    """Escape `&`, `<` and `>` only, as XPM does; other characters stay raw UTF-8.

    A carriage return becomes `&#13;`, because an XML parser turns a raw one into a line feed.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
