"""Reads what people type into a field: checks it, and turns it into what the store keeps."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from xpm.entities.pushed import FieldType
from xpm.words import Message, message

Typed = str | date | Decimal | bool | None

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML can carry (XML 1.0, production 2)."""

_YES_NO: Mapping[str, bool] = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_LONGEST_AMOUNT = 15  # digits before the point
_MOST_DECIMALS = 4


class NotTaken(ValueError):
    """A field does not take what was typed; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message


def read(kind: FieldType, label: str, text: str) -> Typed:
    """Read what was typed for a field that needs no list: a text, day, amount, whole number, or yes or no.

    An empty text is `None`. Raises NotTaken.
    """
    trimmed = text.replace("\r\n", "\n").strip()
    if not trimmed:
        return None
    match kind:
        case FieldType.DAY:
            return _day(label, trimmed)
        case FieldType.AMOUNT:
            return _amount(label, trimmed)
        case FieldType.WHOLE_NUMBER:
            return _whole(label, trimmed)
        case FieldType.YES_NO:
            return _yes_no(label, trimmed)
        case _:
            return _text(label, trimmed)


def _text(label: str, text: str) -> str:
    if _FORBIDDEN.search(text):
        raise NotTaken(message("push.not_a_text", field=label))
    return text


def _day(label: str, text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise NotTaken(message("push.not_a_day", field=label, value=text))


def _amount(label: str, text: str) -> Decimal:
    try:
        amount = Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) else None
    except InvalidOperation:
        amount = None
    if amount is None or abs(amount) >= 10**_LONGEST_AMOUNT or -int(amount.as_tuple().exponent) > _MOST_DECIMALS:
        raise NotTaken(message("push.not_an_amount", field=label, value=text))
    return amount


def _whole(label: str, text: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        raise NotTaken(message("push.not_a_whole_number", field=label, value=text))
    return Decimal(text)


def _yes_no(label: str, text: str) -> bool:
    try:
        return _YES_NO[text.casefold()]
    except KeyError:
        raise NotTaken(message("push.not_yes_or_no", field=label, value=text)) from None
