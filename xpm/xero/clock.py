"""What tells the time and waits; both are handed in, so that tests decide how time passes."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time as an aware UTC datetime."""

Sleep = Callable[[float], None]
"""Waits this many seconds."""


def utc_now() -> datetime:
    """The system's time in UTC."""
    return datetime.now(UTC)
