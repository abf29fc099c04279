"""Reads an XPM answer as it arrives: one record at a time, in constant memory.

An incomplete document, or one without the expected container, is an error and never "no records". The parser sees only
what is around the records, with a placeholder where records were cut out.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Generic, TypeVar, cast

from lxml import etree

from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.http.bounds import LARGEST_RECORD, MOST_RECORDS
from xpm.xero.http.problem import BodyKind, enveloped, read_problem, refusal, sniff
from xpm.xero.models import XpmRecord
from xpm.xero.records import Sent, Unreadable, read_already
from xpm.xero.xml.cutting import Cut, MisleadingOversized, Oversized, pieces
from xpm.xero.xml.record import RecordText, not_the_item, sent, too_large
from xpm.xero.xml.shape import count

M = TypeVar("M", bound=XpmRecord)

_ROOT = "Response"  # of every answer
_ENOUGH_TO_SNIFF = 32  # bytes: a byte-order mark, some whitespace and the longest prefix that `sniff` looks for
_LONGEST_PROBLEM = 64 * 1024  # bytes to read of a body that is not XML
_CUT_OUT = "cut-out-by-fyi-xpm"  # attribute of a placeholder


class RecordReader(Generic[M]):
    """Reads one answer of one endpoint. Counts the unknown elements between the records in `unknown`.

    `reader` is the fingerprint of what reads the records further. Unless `required`, as in the answer to a write, an
    answer need not have a record.
    """

    def __init__(
        self, endpoint: Endpoint[M], unknown: dict[str, int], reader: bytes = b"", *, required: bool = True
    ) -> None:
        self._endpoint = endpoint
        self._required = required
        self._unknown = unknown
        self._reader = reader
        self._placeholder = f'<{endpoint.item} {_CUT_OUT}=""/>'.encode()
        self._cut_out: Sequence[Cut] = ()  # records whose parent is not known yet
        self._home: etree._Element | None = None  # the element that contains the records
        self._envelope: dict[str, str] = {}
        self._complete = False
        self._ended = False  # the list
        self._records = 0
        self._unplaced = 0  # bytes that the parser holds since the last record

    def read(self, chunks: Iterable[bytes]) -> Iterator[Sent[M]]:
        """Yield the records unparsed, as their bytes arrive.

        Raises `Refused` or `NotFound` if the envelope's `Status` is ERROR, and `UnreadableAnswer` unless the document
        is complete, well-formed, within its bounds and has its container. A record that is too large is unreadable,
        and the others are read.
        """
        body = iter(chunks)
        head = self._head(body)
        parser = self._parser()
        try:
            for around, records in pieces(chain((head,), body), self._endpoint.item):
                if around:
                    yield from self._feed(parser, around)
                if records:
                    yield from self._place(parser, records)
        except MisleadingOversized:
            raise self._unreadable(f"has a {self._endpoint.item} of more than {LARGEST_RECORD:,} bytes") from None
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
            raise refusal(problem, endpoint=self._endpoint.label, status=200)
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

    def _feed(self, parser: "etree.XMLPullParser", some: bytes) -> Iterator[Sent[M]]:
        self._unplaced += len(some)
        if self._unplaced > LARGEST_RECORD:
            raise self._unreadable(f"has more than {LARGEST_RECORD:,} bytes without a complete {self._endpoint.item}")
        try:
            parser.feed(some)
        except etree.XMLSyntaxError as error:
            raise self._unreadable(f"is not well-formed XML in line {error.lineno}") from None
        for _, element in parser.read_events():
            yield from self._take(cast(etree._Element, element))

    def _place(self, parser: "etree.XMLPullParser", records: Sequence[Cut]) -> Iterator[Sent[M]]:
        """Find the parent of these records. They share it, since nothing is between them."""
        self._cut_out = records
        yield from self._feed(parser, self._placeholder)
        for elsewhere in self._cut_out:
            if not isinstance(elsewhere, Oversized):
                RecordText(self._endpoint, elsewhere).element()
        self._cut_out = ()

    def _take(self, element: etree._Element) -> Iterator[Sent[M]]:
        parent = element.getparent()
        if parent is None:
            return
        if element.tag == self._endpoint.item and self._is_home(parent):
            self._complete = True
            yield from self._sent(element)
            yield from self._drop_older_siblings(element, parent)
        elif parent.getparent() is None:
            if element.tag == self._endpoint.container:
                yield from self._end_container(element)
            else:
                self._note_in_envelope(element)

    def _note_in_envelope(self, element: etree._Element) -> None:
        """Keep what an element beside the list says. A server that fails meanwhile may add its error to its `OK`.

        That is neither: a write may have been done before it failed.
        """
        text = element.text or ""
        known = self._envelope.setdefault(element.tag, text)
        if element.tag == "Status" and known != text:
            self._envelope[element.tag] = f"{known} {text}"

    def _drop_older_siblings(self, element: etree._Element, parent: etree._Element) -> Iterator[Sent[M]]:
        """Free the elements already read, except the newest sibling, which the parser still needs."""
        while (older := element.getprevious()) is not None:
            if self._endpoint.container:
                yield from self._beside_records(older, parent)
            parent.remove(older)

    def _end_container(self, container: etree._Element) -> Iterator[Sent[M]]:
        """End the list. A list of only unknown elements is not an empty list: XPM may have renamed its records."""
        if self._ended:
            raise self._unreadable(f"has more than one {container.tag}")
        others = [child for child in container if child.tag != self._endpoint.item]
        if others and not self._complete:
            raise self._unreadable(f"has a {container.tag} without any {self._endpoint.item} but with other elements")
        self._complete = self._ended = True
        self._refuse_text(container.text, container)
        for child in container:
            yield from self._beside_records(child, container)

    def _beside_records(self, child: etree._Element, container: etree._Element) -> Iterator[Sent[M]]:
        """Count an element that is no record. If it has elements, it may be one, and must not count as missing."""
        self._refuse_text(child.tail, container)
        if child.tag == self._endpoint.item:
            return
        count(self._unknown, f"{container.tag}/{child.tag}")
        if len(child):
            payload = etree.tostring(child, encoding="unicode", with_tail=False)
            yield read_already(Unreadable(None, not_the_item(self._endpoint), payload))

    def _refuse_text(self, text: str | None, container: etree._Element) -> None:
        """Refuse a list with text of its own, such as the error of a server that failed meanwhile."""
        if text and not text.isspace():
            raise self._unreadable(f"has text between the records of its {container.tag}")

    def _is_home(self, parent: etree._Element) -> bool:
        """Whether `parent` contains the records: it is the container directly under the root, or the root itself."""
        if self._home is None:
            above = parent.getparent()
            in_container = above is not None and above.getparent() is None and parent.tag == self._endpoint.container
            if in_container or (above is None and self._endpoint.container is None):
                self._refuse_doctype(parent)
                self._home = parent
        return parent is self._home

    def _sent(self, element: etree._Element) -> Iterator[Sent[M]]:
        """Yield the record in the element, or the cut-out records if the element is their placeholder."""
        texts: Sequence[Cut]
        if self._cut_out and element.get(_CUT_OUT) is not None:
            texts, self._cut_out = self._cut_out, ()
        else:
            texts = [etree.tostring(element, encoding="utf-8", with_tail=False)]
        self._unplaced = 0
        self._records += len(texts)
        if self._records > MOST_RECORDS:
            raise self._unreadable(f"has more than {MOST_RECORDS:,} records")
        return (self._one(text) for text in texts)

    def _one(self, text: Cut) -> Sent[M]:
        if isinstance(text, Oversized):
            return too_large(self._endpoint, text.start)
        return sent(self._endpoint, text, self._envelope.get("WebUrl", ""), self._reader)

    def _finish(self, parser: "etree.XMLPullParser") -> None:
        try:
            root = parser.close()
        except etree.XMLSyntaxError:
            raise self._unreadable("ends before its document does") from None
        self._refuse_doctype(root)
        status = self._envelope.get("Status", "")
        if not status.strip():
            raise self._unreadable("has no Status")
        if not _is_well(status):
            if status.strip().upper() != "ERROR":
                raise self._unreadable("has a Status that is neither OK nor ERROR")
            raise refusal(enveloped(self._envelope.get("ErrorDescription")), endpoint=self._endpoint.label, status=200)
        if root.tag != _ROOT:
            raise self._unreadable(f"has the root {root.tag} instead of {_ROOT}")
        if self._required and not self._complete:
            raise self._unreadable(f"has no {self._endpoint.container or self._endpoint.item} element")

    def _refuse_doctype(self, element: etree._Element) -> None:
        """Refuse a document type. XPM sends none, and its entities are a known attack on parsers."""
        if element.getroottree().docinfo.internalDTD is not None:
            raise self._unreadable("brings a document type")

    def _unreadable(self, what: str) -> UnreadableAnswer:
        label = self._endpoint.label
        return UnreadableAnswer(f"Xero's answer to {label} {what}.", endpoint=label, status=200)


def _is_well(status: str) -> bool:
    return status.strip().upper() == "OK"


def _at_most(limit: int, head: bytes, body: Iterator[bytes]) -> bytes:
    for chunk in body:
        if len(head) >= limit:
            break
        head += chunk
    return head[:limit]
