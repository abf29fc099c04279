"""One XPM record: its text as sent, the digest that recognises it, and its parsed content."""

import re
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
from xpm.xero.models.scalars import AS_XPM_WRITES_IT, as_key, storable_key
from xpm.xero.records import PartlyRead, Read, Sent, Unreadable, read_already
from xpm.xero.xml.mending import marked, payload_of, unmarked
from xpm.xero.xml.parts import read_parts
from xpm.xero.xml.shape import Shape, shape_of

M = TypeVar("M", bound=XpmRecord)

PARSED_TOGETHER = 20  # records
_TOGETHER_BYTES = 1024 * 1024  # of all of them; larger records are parsed alone, since parsed they take many times more
_LONGEST_PAYLOAD = 4 * 1024  # characters kept of a record that is too large and has no key
_IS_GUID = re.compile(AS_XPM_WRITES_IT).fullmatch
_DIGEST_BYTES = 16  # two digests are likely to collide only after 2^64 records


@dataclass(frozen=True)
class RecordText(Generic[M]):
    """A record as sent: one element in UTF-8, without a document type. `address` is the WebUrl beside it."""

    endpoint: Endpoint[M]
    text: bytes
    address: str = ""

    def __call__(self, unknown: dict[str, int], element: ElementTree.Element | None = None) -> Read[M]:
        """Read the record and count its unknown elements. `element` is the record if it is already parsed.

        A record that is not well-formed is mended where that needs no guessing. Otherwise it is unreadable by itself:
        it is still certain where it ends.
        """
        if element is not None:
            return self._read(self._content(element, unknown))
        try:
            return self._read(self._content(self.element(), unknown))
        except UnreadableAnswer:
            return self._mended(unknown)

    def _content(self, element: ElementTree.Element, unknown: dict[str, int]) -> dict[str, object]:
        content = self._shape.read(element, unknown)
        if self.address and "web_url" in self.endpoint.model.model_fields:
            content.setdefault("WebUrl", self.address)  # Xero documents it beside a single record but sends it inside
        return content

    def _mended(self, unknown: dict[str, int]) -> Read[M]:
        try:
            element = RecordText(self.endpoint, marked(self.text)).element()
        except UnreadableAnswer:
            return Unreadable(_first_element(self.endpoint, self.text), "is not well-formed XML", payload_of(self.text))
        replaced: list[str] = []
        content = unmarked(self._content(element, unknown), self._shape, replaced)
        return self._read(content, tuple(replaced))

    def _read(self, content: dict[str, object], replaced: tuple[str, ...] = ()) -> Read[M]:
        model = self.endpoint.model
        try:
            record = model.model_validate(content)
        except ValidationError as error:
            payload, read = payload_of(self.text), read_parts(model, content, error)
            if read.record is None:
                key, number = _keys(model, content.get)
                return Unreadable(key, read.reason, payload, number=number)
            return PartlyRead(read.record, payload, read.left_out, read.parts, read.reason, replaced)
        return PartlyRead(record, payload_of(self.text), replaced=replaced) if replaced else record

    @property
    def _shape(self) -> Shape:
        return shape_of(self.endpoint.model, self.endpoint.item)

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


def read_each(sent: Iterable[Sent[M]], unknown: dict[str, int]) -> Iterator[Read[M]]:
    """Read the records and count their unknown elements.

    Several are parsed at once: starting a parser takes as long as a fifth of a record.
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


def reread(endpoint: Endpoint[M], key: str | None, payload: str) -> Read[M]:
    """Read one record again from its stored payload (`Unreadable.payload`), with the current models."""
    if not re.match(rf"<{re.escape(endpoint.item)}[\s/>]", payload):
        return Unreadable(key, not_the_item(endpoint), payload)
    read = RecordText(endpoint, payload.encode("utf-8", "surrogateescape"))({})
    return Unreadable(read.key or key, read.reason, payload) if isinstance(read, Unreadable) else read


def not_the_item(endpoint: Endpoint[M]) -> str:
    """Why an element in the place of a record is not read as one."""
    return f"is not the {endpoint.item} that belongs in its place"


def too_large(endpoint: Endpoint[M], start: bytes) -> Sent[M]:
    """Return what stands for a record that was too large to be kept. `start` is its beginning, which names its key."""
    key, number = _keys(endpoint.model, _texts_at_the_start(endpoint.model, start).get)
    payload = "" if key else start.decode("utf-8", "replace")[:_LONGEST_PAYLOAD]
    return read_already(Unreadable(key, f"is larger than {LARGEST_RECORD:,} bytes", payload, number=number))


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


@lru_cache
def _digest_of(reader: bytes) -> "blake2b":
    """Return an empty digest, keyed by what reads the record, so that a change of it has every record read again."""
    return blake2b(digest_size=_DIGEST_BYTES, key=reader)


def _first_element(endpoint: Endpoint[M], text: bytes) -> str | None:
    """Return the key of a record that is not well-formed, if it comes first: there, damage cannot have moved it."""
    item, tags = re.escape(endpoint.item.encode()), b"|".join(tag.encode() for tag in endpoint.model.key_tags)
    found = re.match(rb"<%b>\s*<(%b)>([^<&]+)</(?:%b)>" % (item, tags, tags), text)
    key = payload_of(found[2]) if found else ""
    return None if "&" in key else storable_key(as_key(key))


def _keys(model: type[XpmRecord], text_of: Callable[[str], object]) -> tuple[str | None, str | None]:
    """Return a record's key, and what people call the record if that is another of its key elements."""
    texts = [_key_in(text_of(tag)) for tag in model.key_tags]
    key = next((text for text in texts if text), None)
    return key, texts[-1] if texts[-1] != key else None


def _key_in(text: object) -> str | None:
    return storable_key(as_key(text)) if isinstance(text, str) else None


@lru_cache
def _first_keys(model: type[XpmRecord]) -> Sequence["re.Pattern[bytes]"]:
    return [re.compile(rb"<%b>([^<]+)</" % re.escape(tag.encode())) for tag in model.key_tags]


def _probable_key(model: type[XpmRecord], text: bytes) -> str | None:
    """Return the first text that looks like the key. It may be wrong; only the digest identifies the record."""
    for key in _first_keys(model):
        if found := key.search(text):
            as_sent = found[1].decode(errors="replace")
            return as_sent if _IS_GUID(as_sent) else storable_key(as_key(unescape(as_sent)))
    return None
