"""Xero's limits for a caller: it takes a slot before each call, and reads from the answer what is left.

Xero allows each app, per tenant, 5 calls in flight, 60 calls a minute and a daily allowance ("API limits" page).
This package does not know how a budget keeps the limits, or who shares it.
"""

import re
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
    """What an answer says about the limits: the calls left, or the limit that was hit and for how many seconds."""

    at: datetime
    minute_left: int | None = None
    day_left: int | None = None
    refused: type[RateLimited] | None = None
    seconds: int | None = None  # from `Retry-After`


@dataclass
class Call:
    """A call in progress. Its caller records what the answer says and how many bytes it has on the wire."""

    id: str
    clock: Clock = field(repr=False)
    bytes: int = 0
    said: Said | None = None

    def answered(self, headers: httpx.Headers, status: int) -> None:
        """Record the limits from the answer's status and headers."""
        refused = status == HTTPStatus.TOO_MANY_REQUESTS
        self.said = Said(
            at=self.clock(),
            minute_left=_number(headers.get("X-MinLimit-Remaining")),
            day_left=_number(headers.get("X-DayLimit-Remaining")),
            refused=limit_of(headers) if refused else None,
            seconds=retry_after(headers) if refused else None,
        )


class Budget(Protocol):
    """The calls of one tenant, shared by all its callers."""

    def slot(self, endpoint: str) -> AbstractContextManager[Call]:
        """Give permission for one call, held until its answer is read. Waits for a free slot and for the minute limit.

        Raises `DayLimit` without waiting when the day's allowance is used up.
        """
        ...


def _number(header: str | None) -> int | None:
    return int(header) if header is not None and re.fullmatch("[0-9]{1,9}", header) else None
