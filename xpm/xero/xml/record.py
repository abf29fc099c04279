"""One XPM record: its text as sent, the digest that recognises it, and its parsed content."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Generic, TypeVar, cast
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

from pydantic import ValidationError

from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.http.bounds import LARGEST_RECORD
from xpm.xero.models import XpmRecord
from xpm.xero.models.scalars import storable_key
from xpm.xero.records import Sent, Unreadable, read_already
from xpm.xero.xml.shape import shape_of

M = TypeVar("M", bound=XpmRecord)

PARSED_TOGETHER = 20  # records
_TOGETHER_BYTES = 1024 * 1024  # of all of them; larger records are parsed alone, since parsed they take many times more
_LONGEST_PAYLOAD = 4 * 1024  # characters kept of a record that is too large and has no key
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_REFERENCE = re.compile("&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_LONGEST_NUMBER = 7  # digits of the last character, 10FFFF or 1114111
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

        A record that only has characters that XML forbids is unreadable by itself: it is still certain where it ends.

        Raises:
            UnreadableAnswer: the record is not well-formed.
        """
        model = self.endpoint.model
        try:
            element = self.element() if element is None else element
        except UnreadableAnswer:
            return self._with_forbidden_characters()
        content = shape_of(model, self.endpoint.item).read(element, unknown)
        if self.address and "web_url" in model.model_fields:
            content.setdefault("WebUrl", self.address)  # Xero documents it beside a single record but sends it inside
        try:
            return model.model_validate(content)
        except ValidationError as error:
            return self._unreadable(content.get, reason_of(error), self.text.decode())

    def element(self) -> ElementTree.Element:
        """Parse the record. Raises `UnreadableAnswer` if it is not well-formed."""
        try:
            return ElementTree.fromstring(self.text)  # noqa: S314 - the known attacks need a document type
        except ElementTree.ParseError:
            label, item = self.endpoint.label, self.endpoint.item
            message = f"Xero's answer to {label} has a {item} that is not well-formed XML."
            raise UnreadableAnswer(message, endpoint=label, status=200) from None

    def _with_forbidden_characters(self) -> Unreadable:
        """Set the record aside, if nothing but its characters is wrong. Raises `UnreadableAnswer` otherwise.

        The payload holds them as references, which databases can store and which stay forbidden in a replay.
        """
        payload = _FORBIDDEN.sub(lambda found: f"&#{ord(found[0])};", self.text.decode("utf-8", "surrogateescape"))
        element = RecordText(self.endpoint, _REFERENCE.sub(_allowed, payload).encode()).element()

        def intact(tag: str) -> str | None:
            text = element.findtext(tag)
            return None if text is None or "\ufffd" in text else text

        return self._unreadable(intact, "has characters that XML does not allow", payload)

    def _unreadable(self, text_of: Callable[[str], object], reason: str, payload: str) -> Unreadable:
        key, number = _keys(self.endpoint.model, text_of)
        return Unreadable(key, reason, payload, number)


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
    """Return the elements of these texts, or none if they are large or one is not well-formed.

    Each text is one complete element, so if they are well-formed in a row, each is well-formed alone.
    """
    if sum(len(one.text) for one in texts) > _TOGETHER_BYTES:
        return []
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


def too_large(endpoint: Endpoint[M], start: bytes) -> Sent[M]:
    """Return what stands for a record that was too large to be kept. `start` is its beginning, which names its key."""
    key, number = _keys(endpoint.model, _texts_at_the_start(endpoint.model, start).get)
    payload = "" if key else start.decode("utf-8", "replace")[:_LONGEST_PAYLOAD]
    return read_already(Unreadable(key, f"is larger than {LARGEST_RECORD:,} bytes", payload, number))


def _texts_at_the_start(model: type[XpmRecord], start: bytes) -> dict[str, str | None]:
    """Return the texts of the record's own key elements that are complete. Keys of nested records do not count."""
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(("start", "end"))
    depth, texts = 0, dict[str, str | None]()
    with suppress(ElementTree.ParseError):
        parser.feed(start)
        for event, element in cast(Iterator[tuple[str, ElementTree.Element]], parser.read_events()):
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 1 and element.tag in model.key_tags:
                texts.setdefault(element.tag, element.text)
    return texts


def _allowed(reference: "re.Match[str]") -> str:
    """Return a character reference as it is, or a replacement if XML does not allow its character."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    code = int(digits, base) if len(digits.lstrip("0")) <= _LONGEST_NUMBER else sys.maxunicode + 1
    return reference[0] if code <= sys.maxunicode and not _FORBIDDEN.match(chr(code)) else "\ufffd"


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


def _keys(model: type[XpmRecord], text_of: Callable[[str], object]) -> tuple[str | None, str | None]:
    """Return a record's key, and what people call the record if that is another of its key elements."""
    texts = [storable_key(text_of(tag)) for tag in model.key_tags]
    key = next((text for text in texts if text), None)
    return key, texts[-1] if texts[-1] != key else None


@lru_cache
def _first_keys(model: type[XpmRecord]) -> Sequence["re.Pattern[bytes]"]:
    return [re.compile(rb"<%b>([^<]+)</" % re.escape(tag.encode())) for tag in model.key_tags]


def _probable_key(model: type[XpmRecord], text: bytes) -> str | None:
    """Return the first text that looks like the key. It may be wrong; only the digest identifies the record."""
    found = next((match for key in _first_keys(model) if (match := key.search(text))), None)
    return storable_key(unescape(found[1].decode(errors="replace"))) if found else None
