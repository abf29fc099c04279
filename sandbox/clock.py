"""The sandbox's own clock. A test can let 30 minutes of grace or a whole day pass in an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class Clock:
    """Runs in real time from `start` (default: now) and can be moved forward.

    Everything with an age reads this clock: tokens, codes, rate-limit windows, modified times, `Date` headers.
    """

    def __init__(self, start: datetime | None = None) -> None:
        real = datetime.now(UTC)
        self._ahead = (start - real) if start else timedelta()

    def now(self) -> datetime:
        """Return the current time, aware UTC."""
        return datetime.now(UTC) + self._ahead

    def today(self) -> date:
        """Return the current UTC date."""
        return self.now().date()

    def set_right(self) -> None:
        """End a time in which this clock was wrong: from now on it runs in real time."""
        self._ahead = timedelta()

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward and return the new time. It never goes back: expired tokens would work again."""
        if seconds < 0:
            raise ValueError("The sandbox's clock cannot go back.")
        self._ahead += timedelta(seconds=seconds)
        return self.now()
