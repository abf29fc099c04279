from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from xpm.xero.models.scalars import (
    Amount,
    Flag,
    LocalDate,
    LocalDateTime,
    Percentage,
    Uuid,
    WholeNumber,
    as_key,
    storable_key,
)

AN_AMOUNT = "should be an amount with up to 1,000 digits on each side of the point"


@pytest.mark.parametrize(
    ("text", "flag"),
    [("Yes", True), ("NO", False), ("true", True), ("False", False), ("1", True), (" no ", False)],
)
def test_flags_are_read_in_any_spelling(text: str, flag: bool) -> None:
    assert TypeAdapter(Flag).validate_python(text) is flag


def test_an_invalid_flag_is_an_error_not_false() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Flag).validate_python("perhaps")


ZONED = ["2008-08-29T00:00:00Z", "2008-08-29T00:00:00+00:00", "2008-08-29T10:30:00+10:00"]


@pytest.mark.parametrize("text", ["2008-08-29T00:00:00", "2008-08-29T10:30:00", "2008-08-29", *ZONED])
def test_a_date_is_read_with_or_without_a_time(text: str) -> None:
    assert TypeAdapter(LocalDate).validate_python(text) == date(2008, 8, 29)


UNSURE = ["2008-08-28T13:00:00Z", "2008-08-28T13:00:00.000+00:00", "2008-08-29Tea", "2008-08-29T10:30 and later"]


@pytest.mark.parametrize("text", ["31/31/2024", "2024-02-30", "tomorrow", *UNSURE])
def test_an_invalid_date_is_an_error(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LocalDate).validate_python(text)


@pytest.mark.parametrize("value", ["0", "86400", "20080829", 0, 86_400.0])
@pytest.mark.parametrize("kind", [LocalDate, LocalDateTime])
def test_a_bare_number_is_neither_a_date_nor_a_time(kind: type, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("value", ["2008-08-29T10:30:00", datetime(2008, 8, 29, 10, 30)])  # noqa: DTZ001 - XPM's times have no zone
def test_a_local_time_is_read_without_conversion(value: object) -> None:
    assert TypeAdapter(LocalDateTime).validate_python(value) == datetime(2008, 8, 29, 10, 30)  # noqa: DTZ001
    assert TypeAdapter(LocalDate).validate_python(value) == date(2008, 8, 29)


@pytest.mark.parametrize(("text", "amount"), [("2000.00", "2000.00"), ("1,234,567.89", "1234567.89"), ("-5", "-5")])
def test_amounts_are_exact_and_may_have_thousands_separators(text: str, amount: str) -> None:
    assert TypeAdapter(Amount).validate_python(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["-0.00", "1E+999", "1E-1000", f"-{'9' * 1000}.{'9' * 1000}"], ids=["zero", "large", "small", "long"]
)
def test_amounts_may_have_1000_digits_on_each_side_of_the_point(text: str) -> None:
    assert TypeAdapter(Amount).validate_python(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["1,5", "1,50", "1.234,50", "12,34,567", ",500", "1,5000", "1,500,", "0,125", "000,500"]
)
@pytest.mark.parametrize("kind", [Amount, WholeNumber])
def test_a_comma_that_separates_no_thousands_is_not_guessed_at(kind: type, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00", " 0001-01-01T00:00:00.000 "])
@pytest.mark.parametrize("kind", [LocalDate, LocalDateTime])
def test_dotnets_empty_date_is_no_date(kind: type, text: str) -> None:
    assert TypeAdapter(kind).validate_python(text) is None


def test_a_missing_number_is_an_error_not_none() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WholeNumber).validate_python(None)


GUID = "abcdef00-0000-4000-8000-00000000000a"
DAMAGED = [
    *(GUID[1:], f"{GUID}0", GUID.replace("f", "x"), GUID.replace("-", "+", 1), "k" * 256),
    *(GUID[:28], f"{GUID}{GUID}", GUID.replace("-", "")[1:]),
]
SPELLED = [
    *((form, GUID) for form in (GUID, GUID.upper(), f" {GUID}\n", GUID.replace("-", ""), f"{{{GUID}}}", f"({GUID})")),
    ("Ana", "Ana"),
    ("000012345678901234567", "000012345678901234567"),
]


@pytest.mark.parametrize(("text", "key"), SPELLED)
def test_a_guid_is_one_key_in_any_spelling(text: str, key: str) -> None:
    assert TypeAdapter(Uuid).validate_python(text) == as_key(text) == storable_key(as_key(text)) == key


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_guid_is_no_key(text: str) -> None:
    assert storable_key(text) is None
    with pytest.raises(ValidationError):
        TypeAdapter(Uuid).validate_python(text)


def test_a_comma_in_a_percentage_without_a_point_is_not_guessed_at() -> None:
    assert TypeAdapter(Percentage).validate_python("33.333") == Decimal("33.333")
    assert TypeAdapter(Percentage).validate_python("1,000.00") == 1000
    with pytest.raises(ValidationError):
        TypeAdapter(Percentage).validate_python("33,333")


def test_whole_numbers_may_have_thousands_separators() -> None:
    assert TypeAdapter(WholeNumber).validate_python("1,200") == 1200


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (TypeAdapter(Flag), "perhaps", "should be yes or no"),
        (TypeAdapter(LocalDate), "tomorrow", "should be a day"),
        (TypeAdapter(Amount), "much", AN_AMOUNT),
        (TypeAdapter(Amount), "NaN", AN_AMOUNT),
        (TypeAdapter(Amount), "-Infinity", AN_AMOUNT),
        (TypeAdapter(Amount), "1E+1000", AN_AMOUNT),
        (TypeAdapter(Amount), "1E-1001", AN_AMOUNT),
        (TypeAdapter(Amount), "0E-999999999999", AN_AMOUNT),
        pytest.param(TypeAdapter(Amount), f"0.{'3' * 1001}", AN_AMOUNT, id="a third, too long"),
        (TypeAdapter(WholeNumber), "1.5", "should be a whole number up to 2,147,483,647"),
        (TypeAdapter(WholeNumber), "2,147,483,648", "should be a whole number up to 2,147,483,647"),
        (TypeAdapter(WholeNumber), "-2147483649", "should be a whole number up to 2,147,483,647"),
    ],
)
def test_an_unreadable_value_gives_one_error_that_says_what_is_expected(
    kind: TypeAdapter[Any], text: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.validate_python(text)
    assert [fault["msg"] for fault in refused.value.errors()] == [expected]
