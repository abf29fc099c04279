"""How often and how long a GET call waits and retries before it raises its error."""

import random

from xpm.xero.clock import Clock, Sleep
from xpm.xero.errors import AnswerLost, ConcurrentLimit, DayLimit, RateLimited, XeroError, XeroUnavailable

MAX_RETRIES = 3  # Xero's advice for 5xx on GET
MAX_LIMIT_WAITS = 6  # our budget keeps the limits, so more refusals in a row mean that another program uses them up
_FIRST_PAUSE = 1.0  # seconds, doubled each time
_CONCURRENT_PAUSE = 0.5  # seconds; calls in flight end soon
_MINUTE_PAUSE = 60.0  # seconds, if Xero does not say how long
_LONGEST_PAUSE = 120.0  # seconds; a call does not wait longer


class Patience:
    """The retries of one call. Pauses are jittered, so that several processes do not retry at the same moment."""

    def __init__(self, endpoint: str, clock: Clock, sleep: Sleep) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._sleep = sleep
        self._retries = 0
        self._limit_waits = 0

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
        self._retries += 1
        return None if self._retries > MAX_RETRIES else _jittered(_FIRST_PAUSE * 2 ** (self._retries - 1))


def _jitter(seconds: float) -> float:
    return random.uniform(0.0, seconds)  # noqa: S311  jitter needs no secure randomness


def _jittered(seconds: float) -> float:
    return seconds + _jitter(seconds / 2)
