"""Reads the body of a write: bounded, without DTD or entities, and with XPM's forms of dates and numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from lxml import etree
from starlette.requests import Request

from sandbox.xpm.call import BadParameter
from sandbox.xpm.refusals import BAD_DATE, BAD_NUMBER, RefusedByXpm

LARGEST_BODY = 1024 * 1024
"""In bytes. XPM's own bound is unknown."""
_DAY = re.compile(r"\d{8}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)


class OverlongBody(ValueError):
    """The body is longer than `LARGEST_BODY`."""


async def body_of(request: Request) -> bytes:
    """Receive the whole body.

    Raises:
        OverlongBody: it is longer than `LARGEST_BODY`; the rest was not read.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise OverlongBody
    return bytes(body)


def parse(body: bytes) -> etree._Element:
    """Return the root element.

    Raises:
        BadParameter: the body is not well-formed, or has a DTD. XPM answers 400.
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as problem:
        raise BadParameter("The request body is not well-formed XML") from problem
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadParameter("The request body must not have a DTD")
    return root


def text(root: etree._Element, name: str) -> str | None:
    """Return the text of a child element: "" if it is empty, None if it is absent."""
    return root.findtext(name)


def day(written: str) -> date:
    """Read a date as requests write it, `YYYYMMDD`. Answers write it otherwise.

    Raises:
        RefusedByXpm: it is not written so, or no such day exists.
    """
    try:
        if _DAY.fullmatch(written):
            return datetime.strptime(written, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        pass
    raise RefusedByXpm(BAD_DATE)


def decimal(written: str) -> Decimal:
    """Read a decimal number, without thousands separators.

    Raises:
        RefusedByXpm: it is none.
    """
    if not _DECIMAL.fullmatch(written):
        raise RefusedByXpm(BAD_NUMBER)
    return Decimal(written)


def whole(written: str) -> int:
    """Read a whole number.

    Raises:
        RefusedByXpm: it is none.
    """
    if not _WHOLE.fullmatch(written):
        raise RefusedByXpm(BAD_NUMBER)
    return int(written)
