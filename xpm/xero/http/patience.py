"""How often and how long a call waits and is repeated before it raises its error."""

import random
from typing import Protocol

import httpx

from xpm.xero.clock import Clock, Sleep
from xpm.xero.errors import AnswerLost, ConcurrentLimit, DayLimit, RateLimited, Remedy, XeroError, XeroUnavailable

MAX_RETRIES = 3  # Xero's advice for 5xx on GET; a step that tries the call again makes no more of them
MAX_LIMIT_WAITS = 6  # our budget keeps the limits, so more refusals in a row mean that another program uses them up
_FIRST_PAUSE = 1.0  # seconds, doubled each time
_CONCURRENT_PAUSE = 0.5  # seconds; calls in flight end soon
_MINUTE_PAUSE = 60.0  # seconds, if Xero does not say how long
_LONGEST_PAUSE = 120.0  # seconds; a call does not wait longer


class Tries(Protocol):
    """The failed tries of a run, in whatever program they were made."""

    def failed(self, request: httpx.Request) -> int:
        """Count one more failed try of this request, and return how many there were."""
        ...


class Patience:
    """The retries of one call. Pauses are jittered, so that several processes do not retry at the same moment."""

    def __init__(
        self, endpoint: str, request: httpx.Request, clock: Clock, sleep: Sleep, tries: Tries | None = None
    ) -> None:
        """Prepare the retries of a request. Without `tries` only those of this call count."""
        self._endpoint = endpoint
        self._request = request
        self._earlier = tries
        self._clock = clock
        self._sleep = sleep
        self._tries = 0
        self._limit_waits = 0

    def note(self, error: XeroError) -> None:
        """Note on the error how often the request was tried, if it failed in a way that passes by itself."""
        if error.remedy is Remedy.TRY_LATER and error.endpoint == self._endpoint:
            self._tries = self._earlier.failed(self._request) if self._earlier else self._tries + 1
            error.tries = self._tries

    def sit_out(self, error: XeroError) -> bool:
        """Wait and return True if the call may be retried; return False at once if not."""
        pause = self._pause(error)
        if pause is None or pause > _LONGEST_PAUSE:
            return False
        self._sleep(pause)
        return True

    def _pause(self, error: XeroError) -> float | None:
        if error.endpoint != self._endpoint:  # an error of the token endpoint, which has its own retries
            return None
        if isinstance(error, DayLimit | AnswerLost):
            return None
        if isinstance(error, RateLimited):
            return self._pause_for_limit(error)
        return self._pause_for_outage() if isinstance(error, XeroUnavailable) else None

    def _pause_for_limit(self, error: RateLimited) -> float | None:
        self._limit_waits += 1
        if self._limit_waits > MAX_LIMIT_WAITS:
            return None
        if error.resumes_at is not None:
            return max(0.0, (error.resumes_at - self._clock()).total_seconds()) + _jitter(1.0)
        short = isinstance(error, ConcurrentLimit)
        return _jittered(_CONCURRENT_PAUSE * 2**self._limit_waits if short else _MINUTE_PAUSE)

    def _pause_for_outage(self) -> float | None:
        return None if self._tries > MAX_RETRIES else _jittered(_FIRST_PAUSE * 2 ** (self._tries - 1))


def _jitter(seconds: float) -> float:
    return random.uniform(0.0, seconds)  # noqa: S311  jitter needs no secure randomness


def _jittered(seconds: float) -> float:
    return seconds + _jitter(seconds / 2)
