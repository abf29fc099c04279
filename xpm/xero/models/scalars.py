"""How XPM writes dates, flags and amounts, and what they become here.

Empty is written three ways (no element, `<X/>`, `<X></X>`); all three are `None` before these types see them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _flag(value: object) -> object:
    return _FLAGS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _date(value: object) -> object:
    """Take the date off `2008-08-29T00:00:00`: XPM writes days as midnights of no stated zone."""
    if isinstance(value, datetime):
        return value.date()
    return value.split("T", 1)[0] if isinstance(value, str) else value


def _number(value: object) -> object:
    """Drop the thousands separators that custom decimals may carry."""
    return value.replace(",", "") if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
"""`Yes`/`No` on clients, `true`/`false` on jobs and fields; any letter case."""

LocalDate = Annotated[date, BeforeValidator(_date)]
"""A day of the practice's calendar, without a time zone."""

LocalDateTime = datetime
"""Wall-clock time of the practice, without a zone, as XPM stamps its notes."""

Amount = Annotated[Decimal, BeforeValidator(_number)]
"""Money or any other decimal, exact."""

WholeNumber = Annotated[int, BeforeValidator(_number)]
"""Minutes, days and counts."""
