"""Cuts the records out of an answer while it arrives, without parsing them: most of a list is as it was last time.

In XML that holds elements and texts alone, `<Job>` and `</Job>` are never anything but tags, so that a search for them
finds what a parser would. Where anything else turns up (a comment, CDATA, a document type, an instruction, a namespace,
another encoding, a record inside a record) nothing is cut from there on, and all is left to the parser.
"""

import re
from collections.abc import Iterable, Iterator

_MISLEADING = re.compile(rb"<!|<\?(?!xml\s)|\sxmlns|\sencoding\s*=\s*(?!['\"]utf-8['\"])", re.IGNORECASE)
"""In what stands between the records."""
_BLANKS = re.compile(rb"[ \t\r\n]*")

Piece = tuple[bytes, list[bytes]]
"""Some of an answer, and whole records that follow on it and on each other."""


def pieces(chunks: Iterable[bytes], item: str) -> Iterator[Piece]:
    """Yield an answer piece by piece; `item` is the tag of its records. Nothing is lost but blanks between records."""
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
        """What has arrived and is not whole yet."""

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
        """Where what stands around the records ends: at the next one, at a tag that is not whole yet, or with all."""
        begin = data.find(self._opening, at)
        whole = begin if begin >= 0 else _last_whole(data, at)
        self._misled = self._misled or _MISLEADING.search(data, at, whole) is not None
        return len(data) if self._misled else whole

    def _records(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        """The whole records that follow each other from `at` on, and where they end; none from one that misleads on."""
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
        """Whether there is more in a record than elements and texts; single bytes are found faster than two."""
        if (b"!" in record and b"<!" in record) or (b"?" in record and b"<?" in record):
            return True
        return record.find(self._alike, 1) >= 0 and self._another.search(record, 1) is not None


def _end_of_blanks(data: bytes, at: int) -> int:
    blanks = _BLANKS.match(data, at)
    return blanks.end() if blanks else at


def _last_whole(data: bytes, at: int) -> int:
    """Where a tag begins that is not whole, or the end."""
    tag = data.rfind(b"<", at)
    return len(data) if tag < 0 or data.find(b">", tag) >= 0 else tag
