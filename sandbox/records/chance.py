"""Repeatable chance: every record draws from its own generator, so that any one can be made without the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from random import Random
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Record: TypeAlias = dict[str, Any]
"""A record by XPM's element names. Scalars are the strings XPM writes or None; a list holds records; a reference is
a record of UUID and Name. Tax returns use the feed's JSON names."""


def digest(*parts: object) -> int:
    """A 128-bit number that depends on nothing but `parts`."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest())


def turn(position: int, every: int, at: int) -> bool:
    """Whether it is the turn of `position`: once in `every`, the first time at `at`. Makes sure of rare cases."""
    return position % every == at


def uuid_of(*parts: object) -> str:
    """A lower-case, dashed UUID (form of version 4) that depends on nothing but `parts`."""
    text = f"{digest(*parts):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


class Dice(Random):
    """A seeded generator with the throws the records need."""

    def __init__(self, *parts: object) -> None:
        super().__init__(digest(*parts))

    def one(self, options: Sequence[T]) -> T:
        """One of `options`, each as likely."""
        return options[int(self.random() * len(options))]

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, `limit`."""
        return int(self.random() * limit)

    def odds(self, share: float) -> bool:
        """True in `share` (0 to 1) of all throws."""
        return self.random() < share

    def digits(self, count: int) -> str:
        """A number of exactly `count` digits that does not start with 0."""
        return str(10 ** (count - 1) + self.below(9 * 10 ** (count - 1)))

    def perhaps(self, share: float, value: T) -> T | None:
        """`value` in `share` of all throws, else None."""
        return value if self.random() < share else None


def day(value: date) -> str:
    """A date-only thing as XPM's lists write it: midnight, no zone."""
    return f"{value.isoformat()}T00:00:00"


def days_before(today: date, days: int) -> date:
    """The date `days` before `today`."""
    return today - timedelta(days=days)


def reference(uuid: str, name: str | None) -> Record:
    """What XPM writes when one record points at another."""
    return {"UUID": uuid, "Name": name}
