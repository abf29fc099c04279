"""How a command prints what it found: laid out for a person, or as JSON for a program."""

from collections.abc import Callable
from typing import TypeVar

from pydantic_core import to_json

from xpm.xero.printable import escaped_json

Found = TypeVar("Found")


def answer(found: Found, show: Callable[[Found], None], *, as_json: bool) -> None:
    """Print what was found, whole; `show` lays it out for a person.

    Both come from the same value. JSON has the names of its fields, and times in UTC (ISO 8601).
    """
    if as_json:
        print(escaped_json(to_json(found, indent=2).decode()))
    else:
        show(found)
