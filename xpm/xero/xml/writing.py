"""Writes the XML of a request. What XML or XPM cannot hold raises `ValueError` before anything is sent."""

import re
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from xpm.xero.models.scalars import of_few_digits

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2, production 2


def add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append an element; without text it is empty, which clears a value. A carriage return survives as `&#13;`."""
    if any(_FORBIDDEN.search(each) for each in (text or "", *attributes.values())):
        raise ValueError(f"{tag} has a character that XML forbids.")
    element = etree.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def document(root: etree._Element) -> bytes:
    """Return the document in UTF-8, with its declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def day(value: date) -> str:
    """Write a date as requests have it: YYYYMMDD. XPM refuses ISO dates."""
    if isinstance(value, datetime):
        raise ValueError("XPM's dates have no time.")  # noqa: TRY004 - like everything else that cannot be written
    return f"{value.year:04}{value.month:02}{value.day:02}"  # strftime writes the year 200 in three digits


def amount(value: Decimal) -> str:
    """Write a decimal without an exponent or thousands separators."""
    if not value.is_finite():
        raise ValueError("XPM's amounts are finite.")
    return f"{of_few_digits(value):f}"


def whole(value: Decimal) -> str:
    """Write a whole number, however its decimal is scaled."""
    if "." in amount(value).rstrip("0").rstrip("."):
        raise ValueError("A field for whole numbers cannot hold a fraction.")
    return str(int(value))


def flag(value: bool) -> str:
    """Write the value of a checkbox."""
    return "true" if value else "false"


def yes_or_no(value: bool) -> str:
    """Write a flag of a client."""
    return "Yes" if value else "No"
