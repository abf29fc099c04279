"""XPM's XML, read as it arrives: one record at a time, in constant memory.

How a record looks follows from its pydantic model alone. Element order is free, unknown elements are counted, and the
three spellings of empty (no element, `<X/>`, `<X></X>`) are the same. A document that is not whole, or lacks the
container that was asked for, is an error and never "no records".
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from importlib.metadata import version
from itertools import chain
from types import UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin

from lxml import etree
from pydantic import ValidationError

from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import XpmRecord
from xpm.xero.problem import BodyKind, read_problem, refusal, sniff
from xpm.xero.pull import Sent, Unreadable

M = TypeVar("M", bound=XpmRecord)

_ROOT = "Response"  # of every answer, whatever it holds
_ENOUGH_TO_SNIFF = 32  # bytes: a byte-order mark, some blanks and the longest prefix that `sniff` looks for
_LONGEST_PROBLEM = 64 * 1024  # bytes of a body that is not XML which are looked at
_MOST_REASONS = 5  # of a record's faults; one is usually enough to understand it
_DIGEST_BYTES = 16  # 2^64 records before two are likely to share a digest
_ITEM_TAGS = {"Assigned": "Staff"}  # containers whose items are not called by their singular


@dataclass(frozen=True)
class _Scalar:
    """An element that holds text."""


@dataclass(frozen=True)
class _Single:
    """An element that holds one nested record."""

    shape: "Shape"


@dataclass(frozen=True)
class _Items:
    """An element that holds nested records, all called `tag`."""

    tag: str
    shape: "Shape"


@dataclass(frozen=True)
class Shape:
    """What a model expects inside an element; `path` is where that element stands, for counting unknown ones."""

    path: str
    elements: dict[str, _Scalar | _Single | _Items]

    def read(self, element: etree._Element, unknown: dict[str, int]) -> dict[str, object]:
        """Turn an element into what the model validates; what is empty is left out."""
        record: dict[str, object] = {}
        for child in element:
            tag = child.tag
            kind = self.elements.get(tag)
            if type(kind) is _Scalar:
                text = child.text if not len(child) else "".join(map(str, child.itertext()))
                if text and not text.isspace():
                    record[tag] = text
            elif type(kind) is _Items:
                if items := self._items(kind, child, unknown):
                    record[tag] = items
            elif type(kind) is _Single:
                if nested := kind.shape.read(child, unknown):
                    record[tag] = nested
            else:
                _count(unknown, f"{self.path}/{tag}")
        return record

    def _items(self, kind: _Items, container: etree._Element, unknown: dict[str, int]) -> list[dict[str, object]]:
        items = []
        for child in container:
            if child.tag != kind.tag:
                _count(unknown, f"{self.path}/{container.tag}/{child.tag}")
            elif item := kind.shape.read(child, unknown):
                items.append(item)
        return items


def _count(unknown: dict[str, int], path: str) -> None:
    unknown[path] = unknown.get(path, 0) + 1


@lru_cache
def shape_of(model: type[XpmRecord], path: str) -> Shape:
    """Derive the shape of a model; done once for each model and place."""
    elements: dict[str, _Scalar | _Single | _Items] = {}
    for name, field in model.model_fields.items():
        tag = field.alias or name
        nested = _nested_model(field.annotation)
        if nested is None:
            elements[tag] = _Scalar()
        elif _is_tuple(field.annotation):
            item = _ITEM_TAGS.get(tag, tag.removesuffix("s"))
            elements[tag] = _Items(item, shape_of(nested, f"{path}/{tag}/{item}"))
        else:
            elements[tag] = _Single(shape_of(nested, f"{path}/{tag}"))
    return Shape(path, elements)


def _is_tuple(annotation: object) -> bool:
    return get_origin(annotation) is tuple


def _nested_model(annotation: Any) -> type[XpmRecord] | None:  # noqa: ANN401  annotations are of any type
    """The record inside `X`, `X | None` or `tuple[X, ...]`."""
    if _is_tuple(annotation) or get_origin(annotation) in (Union, UnionType):
        return next((model for part in get_args(annotation) if (model := _nested_model(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, XpmRecord) else None


@lru_cache
def _way_of_reading(model: type[XpmRecord]) -> bytes:
    """What digests are keyed by: another release, or another model, reads every record anew."""
    told = json.dumps([version("fyi-xpm"), model.model_json_schema()], sort_keys=True)
    return blake2b(told.encode(), digest_size=_DIGEST_BYTES).digest()


class RecordReader(Generic[M]):
    """Reads one answer of one end-point; counts elements that no model names into `unknown` as each record is read."""

    def __init__(self, endpoint: Endpoint[M], unknown: dict[str, int]) -> None:
        self._endpoint = endpoint
        self._unknown = unknown
        self._shape = shape_of(endpoint.model, endpoint.item)
        self._key = next(field.alias or "" for field in endpoint.model.model_fields.values() if field.is_required())
        self._digest_key = _way_of_reading(endpoint.model)
        self._home: etree._Element | None = None  # the element that holds the records
        self._envelope: dict[str, str] = {}
        self._complete = False

    def read(self, chunks: Iterable[bytes]) -> Iterator[Sent[M]]:
        """Yield the records as their bytes arrive; reading them is left to whoever wants to.

        Raises `Refused` or `NotFound` when the envelope says ERROR, `UnreadableAnswer` when the document is anything
        but whole and well-formed XML with its container.
        """
        body = iter(chunks)
        head = self._head(body)
        parser = self._parser()
        for chunk in chain((head,), body):
            self._feed(parser, chunk)
            for _, element in parser.read_events():
                yield from self._take(cast(etree._Element, element))
        self._finish(parser)

    def _head(self, body: Iterator[bytes]) -> bytes:
        head = b""
        for chunk in body:
            head += chunk
            if len(head.lstrip()) >= _ENOUGH_TO_SNIFF:
                break
        kind = sniff(head)
        if kind is BodyKind.XML:
            return head
        problem = read_problem(_at_most(_LONGEST_PROBLEM, head, body))
        if problem.envelope_error:
            raise refusal(problem.detail, endpoint=self._endpoint.label, status=200)
        raise self._unreadable("is empty" if kind is BodyKind.EMPTY else f"is {kind} where XML was expected")

    def _parser(self) -> "etree.XMLPullParser":
        tags = [self._endpoint.item, "Status", "ErrorDescription"]
        tags.append(self._endpoint.container or "WebUrl")
        return etree.XMLPullParser(
            events=("end",),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def _feed(self, parser: "etree.XMLPullParser", chunk: bytes) -> None:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise self._unreadable(f"is not well-formed XML in line {error.lineno}") from None

    def _take(self, element: etree._Element) -> Iterator[Sent[M]]:
        parent = element.getparent()
        if parent is None:
            return
        if element.tag == self._endpoint.item and self._is_home(parent):
            self._complete = True
            yield self._sent(element)
            self._drop_older_siblings(element, parent)
        elif parent.getparent() is None:
            if element.tag == self._endpoint.container:
                self._end_container(element)
            else:
                self._envelope.setdefault(element.tag, element.text or "")

    def _drop_older_siblings(self, element: etree._Element, parent: etree._Element) -> None:
        """Free what was read; the parser itself still needs the newest sibling."""
        while (older := element.getprevious()) is not None:
            if self._endpoint.container and older.tag != self._endpoint.item:
                _count(self._unknown, f"{parent.tag}/{older.tag}")
            parent.remove(older)

    def _end_container(self, container: etree._Element) -> None:
        """The list is over. A list of nothing but strangers is no empty list: its records may have been renamed."""
        strangers = [child.tag for child in container if child.tag != self._endpoint.item]
        for tag in strangers:
            _count(self._unknown, f"{container.tag}/{tag}")
        if strangers and not self._complete:
            raise self._unreadable(f"has a {container.tag} without any {self._endpoint.item} but with other elements")
        self._complete = True

    def _is_home(self, parent: etree._Element) -> bool:
        """Whether `parent` holds the records: the container right under the root, or the root itself."""
        if self._home is None:
            above = parent.getparent()
            in_container = above is not None and above.getparent() is None and parent.tag == self._endpoint.container
            if in_container or (above is None and self._endpoint.container is None):
                self._refuse_doctype(parent)
                self._home = parent
        return parent is self._home

    def _sent(self, element: etree._Element) -> Sent[M]:
        address = self._envelope.get("WebUrl", "")
        digest = blake2b(address.encode(), digest_size=_DIGEST_BYTES, key=self._digest_key)
        digest.update(etree.tostring(element, encoding="utf-8", with_tail=False))
        return Sent(element.findtext(self._key), digest.digest(), partial(self.record, element, address))

    def record(self, element: etree._Element, address: str = "") -> M | Unreadable:
        """Read one record; `address`: the WebUrl that stood beside it."""
        content = self._shape.read(element, self._unknown)
        if address and "WebUrl" in self._shape.elements:
            content.setdefault("WebUrl", address)  # Xero documents it beside a single record, and sends it inside
        try:
            return self._endpoint.model.model_validate(content)
        except ValidationError as error:
            key = content.get(self._key)
            payload = etree.tostring(element, encoding="unicode", with_tail=False)
            return Unreadable(key if isinstance(key, str) else None, reason_of(error), payload)

    def _finish(self, parser: "etree.XMLPullParser") -> None:
        try:
            root = parser.close()
        except etree.XMLSyntaxError:
            raise self._unreadable("ends before its document does") from None
        self._refuse_doctype(root)
        status = self._envelope.get("Status", "").strip().upper()
        if not status:
            raise self._unreadable("has no Status")
        if status != "OK":
            raise refusal(self._envelope.get("ErrorDescription"), endpoint=self._endpoint.label, status=200)
        if root.tag != _ROOT:
            raise self._unreadable(f"has the root {root.tag} instead of {_ROOT}")
        if not self._complete:
            raise self._unreadable(f"has no {self._endpoint.container or self._endpoint.item} element")

    def _refuse_doctype(self, element: etree._Element) -> None:
        """XPM sends no document type; one could only bring entities, which are a known way to attack parsers."""
        if element.getroottree().docinfo.internalDTD is not None:
            raise self._unreadable("brings a document type")

    def _unreadable(self, what: str) -> UnreadableAnswer:
        label = self._endpoint.label
        return UnreadableAnswer(f"Xero's answer to {label} {what}.", endpoint=label, status=200)


def reread(endpoint: Endpoint[M], key: str | None, payload: str) -> M | Unreadable:
    """Read one record again by what was kept of it (`Unreadable.payload`), as the present models have it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        element = etree.fromstring(payload, parser)
    except (etree.XMLSyntaxError, ValueError):  # ValueError: text that no XML can hold
        return Unreadable(key, "What was kept of it is not well-formed XML", payload)
    read = RecordReader(endpoint, {}).record(element)
    return Unreadable(read.key or key, read.reason, payload) if isinstance(read, Unreadable) else read


def reason_of(error: ValidationError) -> str:
    """Which fields of a record are at fault and why, without their values."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}" for fault in faults[:_MOST_REASONS]]
    more = len(faults) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _at_most(limit: int, head: bytes, body: Iterator[bytes]) -> bytes:
    for chunk in body:
        if len(head) >= limit:
            break
        head += chunk
    return head[:limit]
