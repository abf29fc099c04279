"""One XPM record: its text as sent, the digest that recognises it, and its parsed content."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Generic, TypeVar
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

from pydantic import ValidationError

from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import XpmRecord
from xpm.xero.records import Sent, Unreadable
from xpm.xero.xml.shape import shape_of

M = TypeVar("M", bound=XpmRecord)

PARSED_TOGETHER = 20  # records
_MOST_REASONS = 5  # errors of a record; one is usually enough to understand it
_DIGEST_BYTES = 16  # two digests are likely to collide only after 2^64 records


@dataclass(frozen=True)
class RecordText(Generic[M]):
    """A record as sent: one element in UTF-8, without a document type. `address` is the WebUrl beside it."""

    endpoint: Endpoint[M]
    text: bytes
    address: str = ""

    def __call__(self, unknown: dict[str, int], element: ElementTree.Element | None = None) -> M | Unreadable:
        """Read the record and count its unknown elements. `element` is the record if it is already parsed.

        Raises:
            UnreadableAnswer: the record is not well-formed.
        """
        model = self.endpoint.model
        element = self.element() if element is None else element
        content = shape_of(model, self.endpoint.item).read(element, unknown)
        if self.address and "web_url" in model.model_fields:
            content.setdefault("WebUrl", self.address)  # Xero documents it beside a single record but sends it inside
        try:
            return model.model_validate(content)
        except ValidationError as error:
            key = content.get(_key_tag(model))
            return Unreadable(key if isinstance(key, str) else None, reason_of(error), self.text.decode())

    def element(self) -> ElementTree.Element:
        """Parse the record. Raises `UnreadableAnswer` if it is not well-formed."""
        try:
            return ElementTree.fromstring(self.text)  # noqa: S314 - the known attacks need a document type
        except ElementTree.ParseError:
            label, item = self.endpoint.label, self.endpoint.item
            message = f"Xero's answer to {label} has a {item} that is not well-formed XML."
            raise UnreadableAnswer(message, endpoint=label, status=200) from None


def sent(endpoint: Endpoint[M], text: bytes, address: str = "", reader: bytes = b"") -> Sent[M]:
    """Return a record unparsed, with the digest of its text under the fingerprint of its `reader`."""
    digest = _digest_of(reader).copy()
    digest.update(b"%b\n%b" % (address.encode(), text))
    return Sent(_probable_key(endpoint.model, text), digest.digest(), RecordText(endpoint, text, address))


def read_each(sent: Iterable[Sent[M]], unknown: dict[str, int]) -> Iterator[M | Unreadable]:
    """Read the records and count their unknown elements.

    Several are parsed at once: starting a parser takes as long as a fifth of a record.

    Raises:
        UnreadableAnswer: a record is not well-formed.
    """
    records = iter(sent)
    while some := [one.read for one in islice(records, PARSED_TOGETHER)]:
        texts = [read for read in some if isinstance(read, RecordText)]
        if elements := _together(texts) if len(texts) == len(some) else []:
            yield from (text(unknown, element) for text, element in zip(texts, elements, strict=True))
        else:
            yield from (read(unknown) for read in some)


def _together(texts: Sequence[RecordText[M]]) -> list[ElementTree.Element]:
    """Return the elements of these texts, or none if one is not well-formed.

    Each text is one complete element, so if they are well-formed in a row, each is well-formed alone.
    """
    row = b"".join(one.text for one in texts)
    try:
        elements = list(ElementTree.fromstring(b"<row>%b</row>" % row))  # noqa: S314 - as above
    except ElementTree.ParseError:
        return []
    return elements if len(elements) == len(texts) else []


def reread(endpoint: Endpoint[M], key: str | None, payload: str) -> M | Unreadable:
    """Read one record again from its stored payload (`Unreadable.payload`), with the current models."""
    try:
        read = RecordText(endpoint, payload.encode())({})
    except (UnreadableAnswer, UnicodeEncodeError):
        return Unreadable(key, "The stored payload is not well-formed XML", payload)
    return Unreadable(read.key or key, read.reason, payload) if isinstance(read, Unreadable) else read


def reason_of(error: ValidationError) -> str:
    """Say which fields of a record are wrong and why, without their values."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}" for fault in faults[:_MOST_REASONS]]
    more = len(faults) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


@lru_cache
def _digest_of(reader: bytes) -> "blake2b":
    """Return an empty digest, keyed by what reads the record, so that a change of it has every record read again."""
    return blake2b(digest_size=_DIGEST_BYTES, key=reader)


@lru_cache
def _key_tag(model: type[XpmRecord]) -> str:
    return next(field.alias or "" for field in model.model_fields.values() if field.is_required())


@lru_cache
def _first_key(model: type[XpmRecord]) -> "re.Pattern[bytes]":
    return re.compile(rb"<%b>([^<]+)</" % re.escape(_key_tag(model).encode()))


def _probable_key(model: type[XpmRecord], text: bytes) -> str | None:
    """Return the first text that looks like the key. It may be wrong; only the digest identifies the record."""
    found = _first_key(model).search(text)
    return unescape(found[1].decode(errors="replace")) if found else None
