"""The types of XPM's dates, flags and amounts.

XPM writes an empty element in three ways (absent, `<X/>`, `<X></X>`). All three are None before these types see them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import (
    chain_schema,
    date_schema,
    datetime_schema,
    no_info_after_validator_function,
    no_info_before_validator_function,
    nullable_schema,
    simple_ser_schema,
    str_schema,
    union_schema,
)

NUL = "\x00"
AS_XPM_WRITES_IT = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_GUID = re.compile(r"\s*[{(]?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})[)}]?\s*", re.I)
"""A GUID in any form that .NET writes."""
_NEARLY = range(34, 39)  # characters; a GUID has 36
_OF_A_GUID = re.compile(r"[0-9a-fA-F{}()-]{24,}")
"""Part of a GUID, or more than one: too long for a number, and of nothing else."""
_NO_DATE = re.compile(r"\s*0001-01-01(T00:00:00(\.0+)?Z?)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?\s*")
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?\s*")
_MIDNIGHT, _UTC = re.compile(r"00:00(:00(\.0+)?)?"), frozenset({"Z", "+00:00", "-00:00", "+0000", "-0000"})

DIGITS = 1_000
"""Most digits on each side of an amount's decimal point, far more than any practice needs. PostgreSQL refuses more than
131,072 before the point and 16,383 after it. On SQLite, writing out `1E+999999999` would fill the memory."""


@dataclass(frozen=True)
class Rewritten:
    """Lets pydantic read the value first, and rewrites it in Python only if that fails. Most values need no Python."""

    rewrite: Callable[[object], object]
    expected: str
    to_none: bool = False
    """Whether `rewrite` may return `None`, for a value that stands for none."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Try the value as it is, then rewritten. If neither can be read, there is one error, not two."""
        plain = handler(source)
        read = nullable_schema(plain) if self.to_none else plain
        rewritten = no_info_before_validator_function(self.rewrite, read)
        return union_schema(
            [plain, rewritten],
            mode="left_to_right",
            custom_error_type="not_as_xpm_writes_it",
            custom_error_message=f"should be {self.expected}",
        )


@dataclass(frozen=True)
class Written:
    """Reads a date or time only from text like 2008-08-29, or from an object that `typed` accepts.

    Pydantic alone would take a bare number, even in a text, for seconds since 1970.
    """

    typed: Callable[..., CoreSchema]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Try text first: most values are text."""
        written = chain_schema([str_schema(pattern=r"^\s*\d{4}-"), handler(source)])
        return union_schema(
            [written, self.typed(strict=True)],
            mode="left_to_right",
            custom_error_type="not_written_out",
            custom_error_message="should be written as 2008-08-29",
        )


@dataclass(frozen=True)
class LowerCase:
    """Writes a GUID in lower case with hyphens, as XPM does. Otherwise it would be the key of another record."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Try a GUID as XPM writes it first: nearly all keys are."""
        guid = str_schema(pattern=AS_XPM_WRITES_IT)
        return union_schema(
            [guid, no_info_after_validator_function(_other_spelling, handler(source))],
            mode="left_to_right",
            custom_error_type="not_a_key",
            custom_error_message=f"should be a UUID, or another key of at most {LONGEST_KEY} characters",
            serialization=simple_ser_schema("str"),
        )


def _other_spelling(key: str) -> str:
    """Refuse a GUID that was damaged: it would be the key of another record, and the right one would be missing."""
    if _is_nearly_a_guid(key):
        raise ValueError("a damaged GUID")
    return as_key(key)


def _is_nearly_a_guid(key: str) -> bool:
    looks = (len(key) in _NEARLY and key.count("-") in {3, 4, 5}) or _OF_A_GUID.fullmatch(key)
    return bool(looks) and not _GUID.fullmatch(key)


def _flag(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _date(value: object) -> object:
    """Return the date part of `2008-08-29T10:30:00`: XPM writes dates as times without a zone.

    A time of UTC is on another day where the practice is, unless it is midnight, which only stands for the day.
    """
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, str):
        return value
    day, _, time = value.partition("T")
    written = _TIME.fullmatch(time) if time else None
    if time and (written is None or (written["zone"] in _UTC and not _MIDNIGHT.match(time))):
        return _time(value)
    return _time(day)


def _time(value: object) -> object:
    """Return none for the first day of year 1, which .NET writes where it has no date."""
    return None if isinstance(value, str) and _NO_DATE.fullmatch(value) else value


def _without_nul(text: str) -> str:
    if NUL in text:
        raise PydanticCustomError("nul", "should be text without NUL characters")
    return text


def _number(value: object) -> object:
    """Remove thousands separators, which custom decimals may have. Any other comma may be a decimal comma: `0,125`."""
    return value.replace(",", "") if isinstance(value, str) and _THOUSANDS.fullmatch(value) else value


def _share(value: object) -> object:
    """Remove commas only beside a decimal point."""
    return _number(value) if isinstance(value, str) and "." in value else value


def of_few_digits(amount: Decimal) -> Decimal:
    """Return a finite amount. Raises `ValueError` if it has more than `DIGITS` digits on a side of its point."""
    _, digits, exponent = amount.as_tuple()
    after = -int(exponent)
    if max(len(digits) - after, after) > DIGITS:
        raise ValueError("too many digits")
    return amount


Flag = Annotated[bool, Rewritten(_flag, "yes or no")]
"""`Yes`/`No` on clients, `true`/`false` on jobs and fields, in any case."""

LocalDate = Annotated[date, Field(gt=date.min), Written(date_schema), Rewritten(_date, "a day", to_none=True)]
"""A date in the practice's calendar, without a time zone."""

LocalDateTime = Annotated[
    datetime,
    Field(gt=datetime.min),  # noqa: DTZ901 - XPM's times have no zone
    Written(datetime_schema),
    Rewritten(_time, "a time", to_none=True),
]
"""The practice's local time, without a zone, as on XPM's notes."""

Amount = Annotated[
    Decimal,
    AfterValidator(of_few_digits),
    Rewritten(_number, f"an amount with up to {DIGITS:,} digits on each side of the point"),
]
"""An exact decimal, such as money."""

Percentage = Annotated[Decimal, AfterValidator(of_few_digits), Rewritten(_share, "a percentage")]
"""An exact decimal. `33,333` percent has a decimal comma."""

LARGEST = 2**31 - 1  # the largest integer that both databases store

WholeNumber = Annotated[
    int, Field(ge=-LARGEST - 1, le=LARGEST), Rewritten(_number, f"a whole number up to {LARGEST:,}")
]
"""Minutes, days, years and counts."""

Text = Annotated[str, AfterValidator(_without_nul)]
"""Text from a source other than XML. XML cannot contain NUL, which PostgreSQL does not store; other sources can."""

LONGEST_KEY = 255
"""Characters of a key. Two of them, with the practice and the tenant, fit into one entry of PostgreSQL's indexes, which
may take 2,704 bytes. XPM's own keys are UUIDs and short numbers."""

Uuid = Annotated[str, Field(max_length=LONGEST_KEY), LowerCase()]
"""The UUID of a record or part of a record in XML."""

JobNumber = Annotated[str, Field(max_length=LONGEST_KEY)]
"""The number by which XPM knows a job. Its letters are as the practice wrote them."""

Key = Annotated[str, Field(pattern=r"\S", max_length=LONGEST_KEY), AfterValidator(_without_nul)]
"""The key of a record from a source other than XML. It must not be blank: several records would share that key."""


def as_key(text: str) -> str:
    """Return the text as a `Uuid` would have it."""
    found = _GUID.fullmatch(text)
    return "-".join(found.groups()).lower() if found else text


def is_same_name(one: str, other: str) -> bool:
    """Whether both name the same record in XPM's addresses. It may answer in other capitals than it was asked."""
    return one.strip().casefold() == other.strip().casefold()


def storable_key(value: object) -> str | None:
    """Return the value if it can be stored as a key: text that is not blank, not too long, and without NUL.

    A damaged GUID is no key.
    """
    can_be = isinstance(value, str) and value.strip() and NUL not in value and len(value) <= LONGEST_KEY
    return str(value) if can_be and not _is_nearly_a_guid(str(value)) else None
