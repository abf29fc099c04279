"""Xero's limits, kept by asking before each call instead of by being refused after it.

Xero allows each app, for each tenant, 5 calls in flight, 60 a minute and a day's allowance ("API limits" page). Its
windows are fixed and begin at a moment nobody outside knows; so the minute is kept for every 60 seconds one can choose,
and what Xero's headers say is left counts more than our own count.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

import httpx

from xpm.xero.answers import limit_of, retry_after
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.errors import ConcurrentLimit, DayLimit

_MINUTE = timedelta(seconds=60)
_DAY = timedelta(days=1)
_LOOK_AGAIN = timedelta(hours=1)
"""How long a day without allowance is believed when Xero did not say until when: its day begins at an unknown hour, and
one call an hour is a fair price for finding out."""


class Budget(Protocol):
    """The calls of one tenant, shared by everyone who calls for it."""

    def slot(self, endpoint: str) -> AbstractContextManager[None]:
        """Permission for one call, held until its answer was read; waits for a free place and for the minute.

        Raises `DayLimit` when the day's allowance is used up, without waiting.
        """
        ...

    def observe(self, headers: httpx.Headers, status: int) -> None:
        """Learn from an answer, inside its slot: what Xero says is left, or that a limit was hit."""
        ...


@dataclass
class _Left:
    """What Xero said is left of a window, less what was begun since."""

    calls: int
    until: datetime  # the window that Xero spoke of is over by then


class LocalBudget:
    """The budget within one process; several processes need one that is shared."""

    def __init__(
        self,
        max_concurrent: int = 5,
        per_minute: int = 60,
        per_day: int = 5000,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._max_concurrent = max_concurrent
        self._per_minute = per_minute
        self._per_day = per_day
        self._clock = clock
        self._sleep = sleep
        self._freed = threading.Condition()
        self._in_flight = 0
        self._begun: deque[datetime] = deque()  # of the last day
        self._last_minute: deque[datetime] = deque()
        self._minute_left: _Left | None = None
        self._day_left: _Left | None = None
        self._resumes_at: datetime | None = None  # after a 429 for the minute
        self._day_resumes_at: datetime | None = None
        self._squeezed_until: datetime | None = None  # after a 429 for too many in flight

    @contextmanager
    def slot(self, endpoint: str) -> Iterator[None]:
        """See `Budget.slot`."""
        while (seconds := self._enter(endpoint)) > 0:
            self._sleep(seconds)
        try:
            yield
        finally:
            self._leave()

    def observe(self, headers: httpx.Headers, status: int) -> None:
        """See `Budget.observe`."""
        now = self._clock()
        with self._freed:
            self._minute_left = self._updated(self._minute_left, headers.get("X-MinLimit-Remaining"), now + _MINUTE)
            self._day_left = self._updated(self._day_left, headers.get("X-DayLimit-Remaining"), now + _LOOK_AGAIN)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self._hold_back(headers, now)

    def _enter(self, endpoint: str) -> float:
        """Begin a call and return 0, or return how many seconds to wait before asking again."""
        with self._freed:
            while self._in_flight >= self._places():
                self._freed.wait()
            now = self._clock()
            self._check_day(endpoint, now)
            ready_at = self._minute_ready_at(now)
            if ready_at > now:
                return (ready_at - now).total_seconds()
            self._begin(now)
            return 0.0

    def _leave(self) -> None:
        with self._freed:
            self._in_flight -= 1
            self._freed.notify()

    def _places(self) -> int:
        squeezed = self._squeezed_until is not None and self._clock() < self._squeezed_until
        return max(1, self._max_concurrent - 1) if squeezed else self._max_concurrent

    def _begin(self, now: datetime) -> None:
        self._in_flight += 1
        self._begun.append(now)
        self._last_minute.append(now)
        for left in (self._minute_left, self._day_left):
            if left is not None:
                left.calls -= 1

    def _check_day(self, endpoint: str, now: datetime) -> None:
        while self._begun and self._begun[0] <= now - _DAY:
            self._begun.popleft()
        resumes_at = self._day_resumes_at
        if len(self._begun) >= self._per_day:
            resumes_at = self._begun[0] + _DAY
        elif self._day_left is not None and self._day_left.calls <= 0:
            resumes_at = max(self._day_left.until, resumes_at or now)
        if resumes_at is not None and now < resumes_at:
            raise DayLimit("The day's calls to Xero are used up.", resumes_at=resumes_at, endpoint=endpoint)
        self._day_resumes_at = None

    def _minute_ready_at(self, now: datetime) -> datetime:
        while self._last_minute and self._last_minute[0] <= now - _MINUTE:
            self._last_minute.popleft()
        ready_at = now
        if len(self._last_minute) >= self._per_minute:
            ready_at = self._last_minute[0] + _MINUTE
        if self._minute_left is not None and self._minute_left.calls <= 0:
            ready_at = max(ready_at, self._minute_left.until)
        if self._resumes_at is not None:
            ready_at = max(ready_at, self._resumes_at)
        return ready_at

    def _updated(self, known: _Left | None, header: str | None, until: datetime) -> _Left | None:
        """What is left after an answer said `header`.

        Calls still in flight may not be in Xero's count yet, and answers overtake each other; so the lower of what is
        known and what is said holds, unless the difference is more than overtaking explains: then a new window began.
        """
        if header is None or not header.isdecimal():
            return known
        said = int(header) - (self._in_flight - 1)
        outdated = known is None or known.until <= self._clock() or said > known.calls + 2 * self._max_concurrent
        if known is None or outdated:
            return _Left(said, until)
        return _Left(min(known.calls, said), until)

    def _hold_back(self, headers: httpx.Headers, now: datetime) -> None:
        limit = limit_of(headers)
        seconds = retry_after(headers)
        if limit is DayLimit:
            self._day_resumes_at = now + (_LOOK_AGAIN if seconds is None else timedelta(seconds=seconds))
        elif limit is ConcurrentLimit:
            self._squeezed_until = now + _MINUTE
        else:
            self._resumes_at = now + (_MINUTE if seconds is None else timedelta(seconds=seconds))
