"""Cuts the records out of an answer while it arrives, without parsing them, since most records of a list are unchanged.

In XML with only elements and text, `<Job>` and `</Job>` are always tags, so a search finds them as a parser would. If
anything else occurs (a comment, CDATA, a document type, a processing instruction, a namespace, another encoding, a
record inside a record), nothing more is cut out and the parser gets the rest.
"""

import re
from collections.abc import Iterable, Iterator

_MISLEADING = re.compile(rb"<!|<\?(?!xml\s)|\sxmlns|\sencoding\s*=\s*(?!['\"]utf-8['\"])", re.IGNORECASE)
"""What makes cutting unsafe if it occurs between the records."""
_BLANKS = re.compile(rb"[ \t\r\n]*")

Piece = tuple[bytes, list[bytes]]
"""Part of an answer, and the complete records that directly follow it."""


def pieces(chunks: Iterable[bytes], item: str) -> Iterator[Piece]:
    """Yield an answer in pieces; `item` is the tag of its records. Only whitespace between records is dropped."""
    cutter = _Cutter(item.encode())
    for chunk in chunks:
        yield from cutter.cut(chunk)
    yield cutter.rest, []


class _Cutter:
    def __init__(self, item: bytes) -> None:
        self._opening, self._closing = b"<%b>" % item, b"</%b>" % item
        self._alike, self._another = b"<%b" % item, re.compile(rb"<%b[\s/>]" % re.escape(item))
        self._misled = False
        self.rest = b""
        """What has arrived but is not complete yet."""

    def cut(self, chunk: bytes) -> Iterator[Piece]:
        data, at = self.rest + chunk, 0
        while True:
            begin = self._until(data, at)
            records, end = self._records(data, begin)
            yield data[at:begin], records
            if not records:
                break
            at = end
        self.rest = data[begin:]

    def _until(self, data: bytes, at: int) -> int:
        """Return where the text before the next record ends: at that record, at an incomplete tag, or at the end."""
        begin = data.find(self._opening, at)
        whole = begin if begin >= 0 else _last_whole(data, at)
        self._misled = self._misled or _MISLEADING.search(data, at, whole) is not None
        return len(data) if self._misled else whole

    def _records(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        """Return the complete adjacent records from `at`, and where they end. Stop at one that is unsafe to cut."""
        records: list[bytes] = []
        while data.startswith(self._opening, at) and (end := data.find(self._closing, at)) >= 0:
            record = data[at : end + len(self._closing)]
            if self._misleads(record):
                self._misled = True
                break
            records.append(record)
            at = _end_of_blanks(data, at + len(record))
        return records, at

    def _misleads(self, record: bytes) -> bool:
        """Whether a record has more than elements and text. Testing for one byte first is faster than for two."""
        if (b"!" in record and b"<!" in record) or (b"?" in record and b"<?" in record):
            return True
        return record.find(self._alike, 1) >= 0 and self._another.search(record, 1) is not None


def _end_of_blanks(data: bytes, at: int) -> int:
    blanks = _BLANKS.match(data, at)
    return blanks.end() if blanks else at


def _last_whole(data: bytes, at: int) -> int:
    """Return where an incomplete tag begins, or the end of the data."""
    tag = data.rfind(b"<", at)
    return len(data) if tag < 0 or data.find(b">", tag) >= 0 else tag
