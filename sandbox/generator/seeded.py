"""Repeatable randomness. Each record has a generator of its own, so any record can be made without the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stable_hash(*parts: object) -> int:
    """Return a 128-bit number that depends on `parts` alone, not on the process (unlike `hash`)."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest())


def every_nth(position: int, n: int, first: int) -> bool:
    """Whether `position` is `first`, `first + n`, `first + 2n` and so on. Used where a rare case must occur."""
    return position % n == first


def uuid_of(*parts: object) -> str:
    """Return a lower-case UUID in the form of version 4 that depends on `parts` alone."""
    text = f"{stable_hash(*parts):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


class SeededRandom(Random):
    """A generator seeded with any objects, and the draws that records need."""

    def __init__(self, *parts: object) -> None:
        super().__init__(stable_hash(*parts))

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, each equally likely."""
        return options[int(self.random() * len(options))]

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to `limit` - 1."""
        return int(self.random() * limit)

    def chance(self, share: float) -> bool:
        """Return True with probability `share` (0 to 1)."""
        return self.random() < share

    def digits(self, count: int) -> str:
        """Return a number of exactly `count` digits that does not start with 0."""
        return str(10 ** (count - 1) + self.below(9 * 10 ** (count - 1)))

    def maybe(self, share: float, value: T) -> T | None:
        """Return `value` with probability `share` (0 to 1), otherwise None."""
        return value if self.random() < share else None


def days_before(today: date, days: int) -> date:
    """Return the date `days` days before `today`."""
    return today - timedelta(days=days)
