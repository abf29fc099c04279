"""The types of clocks and sleeps. Both are passed in, so that tests control time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current time, aware UTC."""

Sleep = Callable[[float], None]
"""Waits for a number of seconds."""

TOLERANCE = timedelta(minutes=5)
"""By how much Xero's clock and ours may differ. Authentication systems have long allowed five minutes (RFC 4120 §8.2,
the default of Kerberos); RFC 7519 §4.1.4 allows "a few"."""


def utc_now() -> datetime:
    """Return the system's time in UTC."""
    return datetime.now(UTC)
