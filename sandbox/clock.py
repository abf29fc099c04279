"""The sandbox's own clock, so that thirty minutes of grace or a day's limit can pass within a test."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class Clock:
    """Runs with real time from `start` (default: now) and can be pushed forward.

    All that ages in the sandbox reads this clock: tokens, codes, rate windows, modified stamps, `Date` headers.
    """

    def __init__(self, start: datetime | None = None) -> None:
        real = datetime.now(UTC)
        self._ahead = (start - real) if start else timedelta()

    def now(self) -> datetime:
        """The sandbox's present moment, aware UTC."""
        return datetime.now(UTC) + self._ahead

    def today(self) -> date:
        """The sandbox's present UTC date."""
        return self.now().date()

    def advance(self, seconds: float) -> datetime:
        """Push the clock forward (never back, as tokens would come back to life) and return the new moment."""
        if seconds < 0:
            raise ValueError("The sandbox clock only goes forward.")
        self._ahead += timedelta(seconds=seconds)
        return self.now()
