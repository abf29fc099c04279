"""How XPM writes dates, flags and amounts, and what they become here.

Empty is written three ways (no element, `<X/>`, `<X></X>`); all three are `None` before these types see them.
"""

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
    no_info_before_validator_function,
    str_schema,
    union_schema,
)

NUL = "\x00"

DIGITS = 1_000
"""On each side of an amount's point, far more than any practice needs. PostgreSQL keeps 131,072 before it and 16,383
after it and refuses more; on SQLite `1E+999999999` would be written out until the memory is full."""


@dataclass(frozen=True)
class Rewritten:
    """Reads a value as pydantic does and, only where it cannot, as `rewrite` has it: most values need no Python."""

    rewrite: Callable[[object], object]
    expected: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Try one and then the other; what neither can read is one fault and not two."""
        plain = handler(source)
        rewritten = no_info_before_validator_function(self.rewrite, plain)
        return union_schema(
            [plain, rewritten],
            mode="left_to_right",
            custom_error_type="not_as_xpm_writes_it",
            custom_error_message=f"should be {self.expected}",
        )


@dataclass(frozen=True)
class Written:
    """Reads a day or a moment that is written out, or is one already as the schema `typed` makes it: pydantic takes a
    number alone, even one in a text, for seconds since 1970."""

    typed: Callable[..., CoreSchema]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - any type
        """Try the text first, as which most come."""
        written = chain_schema([str_schema(pattern=r"^\s*\d{4}-"), handler(source)])
        return union_schema(
            [written, self.typed(strict=True)],
            mode="left_to_right",
            custom_error_type="not_written_out",
            custom_error_message="should be written as 2008-08-29",
        )


def _flag(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _date(value: object) -> object:
    """Take the date off `2008-08-29T10:30:00`: XPM writes days as moments of no stated zone."""
    if isinstance(value, datetime):
        return value.date()
    return value.split("T", 1)[0] if isinstance(value, str) else value


def _without_nul(text: str) -> str:
    if NUL in text:
        raise PydanticCustomError("nul", "should be text without the character of number 0")
    return text


def _number(value: object) -> object:
    """Drop the thousands separators that custom decimals may carry."""
    return value.replace(",", "") if isinstance(value, str) else value


def _of_few_digits(amount: Decimal) -> Decimal:
    _, digits, exponent = amount.as_tuple()
    after = -int(exponent)
    if max(len(digits) - after, after) > DIGITS:
        raise ValueError("too many digits")
    return amount


Flag = Annotated[bool, Rewritten(_flag, "yes or no")]
"""`Yes`/`No` on clients, `true`/`false` on jobs and fields; any letter case."""

LocalDate = Annotated[date, Written(date_schema), Rewritten(_date, "a day")]
"""A day of the practice's calendar, without a time zone."""

LocalDateTime = Annotated[datetime, Written(datetime_schema)]
"""Wall-clock time of the practice, without a zone, as XPM stamps its notes."""

Amount = Annotated[
    Decimal,
    AfterValidator(_of_few_digits),
    Rewritten(_number, f"an amount with up to {DIGITS:,} digits on each side of the point"),
]
"""Money or any other decimal, exact."""

LARGEST = 2**31 - 1  # what both databases keep as a whole number

WholeNumber = Annotated[
    int, Field(ge=-LARGEST - 1, le=LARGEST), Rewritten(_number, f"a whole number up to {LARGEST:,}")
]
"""Minutes, days, years and counts."""

Text = Annotated[str, AfterValidator(_without_nul)]
"""Text from elsewhere than XML, which cannot carry the one character that PostgreSQL does not keep."""

Key = Annotated[Text, Field(pattern=r"\S")]
"""What a record from elsewhere than XML is known by: an empty one, which XML leaves out, would be that of several."""
