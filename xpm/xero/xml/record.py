"""One record of XPM's by itself: how it was sent, the digest it is recognised by, and what it says."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
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
_MOST_REASONS = 5  # of a record's faults; one is usually enough to understand it
_DIGEST_BYTES = 16  # 2^64 records before two are likely to share a digest


@dataclass(frozen=True)
class RecordText(Generic[M]):
    """A record as it was sent: one element in UTF-8, without a document type; `address`: the WebUrl beside it."""

    endpoint: Endpoint[M]
    text: bytes
    address: str = ""

    def __call__(self, unknown: dict[str, int], element: ElementTree.Element | None = None) -> M | Unreadable:
        """Read it; elements that no model names are counted. `element` is it, where it is parsed already.

        Raises:
            UnreadableAnswer: it is not well-formed.
        """
        model = self.endpoint.model
        element = self.element() if element is None else element
        content = shape_of(model, self.endpoint.item).read(element, unknown)
        if self.address and "web_url" in model.model_fields:
            content.setdefault("WebUrl", self.address)  # Xero documents it beside a single record, and sends it inside
        try:
            return model.model_validate(content)
        except ValidationError as error:
            key = content.get(_key_tag(model))
            return Unreadable(key if isinstance(key, str) else None, reason_of(error), self.text.decode())

    def element(self) -> ElementTree.Element:
        """The element. Raises UnreadableAnswer where it is not well-formed."""
        try:
            return ElementTree.fromstring(self.text)  # noqa: S314 - the attacks need a document type
        except ElementTree.ParseError:
            label, item = self.endpoint.label, self.endpoint.item
            said = f"Xero's answer to {label} has a {item} that is not well-formed XML."
            raise UnreadableAnswer(said, endpoint=label, status=200) from None


def sent(endpoint: Endpoint[M], text: bytes, address: str = "") -> Sent[M]:
    """A record that was sent and is not read, with the digest of its text."""
    digest = _digest_of(endpoint.model).copy()
    digest.update(b"%b\n%b" % (address.encode(), text))
    return Sent(_probable_key(endpoint.model, text), digest.digest(), RecordText(endpoint, text, address))


def read_each(sent: Iterable[Sent[M]], unknown: dict[str, int]) -> Iterator[M | Unreadable]:
    """Read records one after the other; elements that no model names are counted.

    Several are parsed together: to begin takes a parser as long as a fifth of a record.

    Raises:
        UnreadableAnswer: one is not well-formed.
    """
    records = iter(sent)
    while some := [one.read for one in islice(records, PARSED_TOGETHER)]:
        texts = [read for read in some if isinstance(read, RecordText)]
        if elements := _together(texts) if len(texts) == len(some) else []:
            yield from (text(unknown, element) for text, element in zip(texts, elements, strict=True))
        else:
            yield from (read(unknown) for read in some)


def _together(texts: Sequence[RecordText[M]]) -> list[ElementTree.Element]:
    """The elements of these texts; none at all where one is not well-formed.

    Each text is a whole element and nothing else, so that what is well-formed in a row is so by itself.
    """
    row = b"".join(one.text for one in texts)
    try:
        elements = list(ElementTree.fromstring(b"<row>%b</row>" % row))  # noqa: S314 - as above
    except ElementTree.ParseError:
        return []
    return elements if len(elements) == len(texts) else []


def reread(endpoint: Endpoint[M], key: str | None, payload: str) -> M | Unreadable:
    """Read one record again by what was kept of it (`Unreadable.payload`), as the present models have it."""
    try:
        read = RecordText(endpoint, payload.encode())({})
    except (UnreadableAnswer, UnicodeEncodeError):
        return Unreadable(key, "What was kept of it is not well-formed XML", payload)
    return Unreadable(read.key or key, read.reason, payload) if isinstance(read, Unreadable) else read


def reason_of(error: ValidationError) -> str:
    """Which fields of a record are at fault and why, without their values."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}" for fault in faults[:_MOST_REASONS]]
    more = len(faults) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


@lru_cache
def _digest_of(model: type[XpmRecord]) -> "blake2b":
    """The digest of nothing, keyed so that another release, or another model, reads every record anew."""
    told = json.dumps([version("fyi-xpm"), model.model_json_schema()], sort_keys=True)
    key = blake2b(told.encode(), digest_size=_DIGEST_BYTES).digest()
    return blake2b(digest_size=_DIGEST_BYTES, key=key)


@lru_cache
def _key_tag(model: type[XpmRecord]) -> str:
    return next(field.alias or "" for field in model.model_fields.values() if field.is_required())


@lru_cache
def _first_key(model: type[XpmRecord]) -> "re.Pattern[bytes]":
    return re.compile(rb"<%b>([^<]+)</" % re.escape(_key_tag(model).encode()))


def _probable_key(model: type[XpmRecord], text: bytes) -> str | None:
    """The first that looks like a key: only the record's digest tells whether it is."""
    found = _first_key(model).search(text)
    return unescape(found[1].decode(errors="replace")) if found else None
