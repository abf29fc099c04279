"""Xero's limits as its callers see them: a call is asked for before it is made, and its answer tells what is left.

Xero allows each app, for each tenant, 5 calls in flight, 60 a minute and a day's allowance ("API limits" page). How a
budget keeps them, and who shares it, is not this package's business.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import httpx

from xpm.xero.clock import Clock
from xpm.xero.errors import RateLimited
from xpm.xero.http.answers import limit_of, retry_after


@dataclass(frozen=True)
class Said:
    """What an answer said of the limits: calls left of the minute and the day, or which limit was hit for how long."""

    at: datetime
    minute_left: int | None = None
    day_left: int | None = None
    refused: type[RateLimited] | None = None
    seconds: int | None = None  # of `Retry-After`


@dataclass
class Call:
    """A call under way. Whoever makes it notes what its answer says, and how many bytes came over the wire."""

    id: str
    clock: Clock = field(repr=False)
    bytes: int = 0
    said: Said | None = None

    def answered(self, headers: httpx.Headers, status: int) -> None:
        """Learn from the head of the answer."""
        refused = status == HTTPStatus.TOO_MANY_REQUESTS
        self.said = Said(
            at=self.clock(),
            minute_left=_number(headers.get("X-MinLimit-Remaining")),
            day_left=_number(headers.get("X-DayLimit-Remaining")),
            refused=limit_of(headers) if refused else None,
            seconds=retry_after(headers) if refused else None,
        )


class Budget(Protocol):
    """The calls of one tenant, shared by everyone who calls for it."""

    def slot(self, endpoint: str) -> AbstractContextManager[Call]:
        """Permission for one call, held until its answer was read; waits for a free place and for the minute.

        Raises `DayLimit` when the day's allowance is used up, without waiting.
        """
        ...


def _number(header: str | None) -> int | None:
    return int(header) if header is not None and header.isdecimal() else None
