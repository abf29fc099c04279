"""The types of clocks and sleeps. Both are passed in, so that tests control time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, aware UTC."""

Sleep = Callable[[float], None]
"""Waits for a number of seconds."""


def utc_now() -> datetime:
    """Return the system's time in UTC."""
    return datetime.now(UTC)
