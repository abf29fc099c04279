"""Writes values of fields as texts, so that FYI's and XPM's can be compared however each of them spells a value."""

from datetime import date
from decimal import Decimal

Value = str | date | Decimal | int | bool | None


def text_of(value: object) -> str | None:
    """Write a value: a day as ISO, an amount without trailing zeros, a text without blanks around it.

    An empty text is `None`, since XPM does not tell an empty element from a missing one. Raises TypeError for anything
    that is no value of a field.
    """
    match value:
        case None:
            return None
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n").strip() or None
        case bool():
            return "true" if value else "false"
        case Decimal() | int():
            return plain(Decimal(value))
        case date():
            return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is no value of a field")


def plain(amount: Decimal) -> str:
    """Write an amount with the digits it needs: 55 for 55.00, and 0 for -0."""
    shortest = amount.normalize() if amount else Decimal(0)
    return format(shortest, "f")
