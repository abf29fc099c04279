"""Cuts the records out of an answer while it arrives, without parsing them, since most records of a list are unchanged.

In XML with only elements and text, `<Job>` and `</Job>` are always tags, so a search finds them as a parser would. If
anything else occurs (a comment, CDATA, a document type, a processing instruction, a namespace, another encoding, a
record inside a record), nothing more is cut out and the parser gets the rest.

Each byte is looked at and copied a few times, however large a record is and in whatever pieces it arrives.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xpm.xero.http.bounds import LARGEST_RECORD

LONGEST_TAG = 1024
"""Bytes of a tag that is held until it is complete. XPM's tags have no attributes; a longer one goes to the parser."""

_KEPT = 4 * 1024  # bytes of a record that is too large
_MISLEADING = re.compile(rb"<!|<\?(?!xml\s)|\sxmlns|\sencoding\s*=\s*(?!['\"]utf-8['\"])", re.IGNORECASE)
"""What makes cutting unsafe if it occurs between the records."""
_BLANKS = re.compile(rb"[ \t\r\n]*")


@dataclass(frozen=True)
class Oversized:
    """The beginning of a record that is larger than `LARGEST_RECORD`; the rest was dropped as it arrived."""

    start: bytes


class MisleadingOversized(ValueError):
    """A record is too large, and what is in it makes it unsafe to say where it ends."""


Cut = bytes | Oversized
Piece = tuple[bytes, list[Cut]]
"""Part of an answer, and the complete records that directly follow it."""


def pieces(chunks: Iterable[bytes], item: str) -> Iterator[Piece]:
    """Yield an answer in pieces; `item` is the tag of its records. Only whitespace between records is dropped.

    Raises:
        MisleadingOversized: a record is too large, and its end is not certain.
    """
    cutter = Cutter(item.encode())
    for chunk in chunks:
        yield from cutter.cut(chunk)
    yield cutter.rest(), []


class Cutter:
    """Cuts one answer. It holds what has arrived and is not complete yet."""

    def __init__(self, item: bytes) -> None:
        self._opening, self._closing = b"<%b>" % item, b"</%b>" % item
        self._alike, self._another = b"<%b" % item, re.compile(rb"<%b[\s/>]" % re.escape(item))
        self._misled = False
        self._held: list[bytes] = []
        self._record: _OpenRecord | None = None
        """The record that `_held` is the beginning of, if it is one."""

    def rest(self) -> bytes:
        """Return what is left at the end of the answer."""
        return b"".join(self._held)

    def joined(self, chunk: bytes) -> bytes:
        """Return what was held, and the chunk after it."""
        return b"".join([*self._held, chunk])

    def cut(self, chunk: bytes) -> Iterator[Piece]:
        """Yield the pieces that this chunk completes."""
        if self._record:
            end = self._record.end_in(chunk)
            if end is None:
                self._hold_on(chunk)
                return
            if self._record.is_oversized:
                yield b"", [Oversized(self._record.start)]
                self._held, chunk = [], chunk[end:]
        data, at = self.joined(chunk), 0
        while True:
            begin = self._until(data, at)
            records, end = self._records(data, begin)
            yield data[at:begin], records
            if not records:
                break
            at = end
        self._hold(data[begin:])

    def _hold_on(self, chunk: bytes) -> None:
        """Keep another part of the record that goes on, unless it is too large to be kept."""
        if self._record and self._record.is_oversized:
            self._held.clear()
        else:
            self._held.append(chunk)

    def _hold(self, data: bytes) -> None:
        self._held = [data] if data else []
        is_record = data.startswith(self._opening) and not self._misled
        self._record = _OpenRecord(data, self._alike, self._closing) if is_record else None

    def _until(self, data: bytes, at: int) -> int:
        """Return where the text before the next record ends: at that record, at an incomplete tag, or at the end."""
        begin = data.find(self._opening, at)
        whole = begin if begin >= 0 else _last_whole(data, at)
        self._misled = self._misled or _MISLEADING.search(data, at, whole) is not None
        self._misled = self._misled or (begin < 0 and len(data) - whole > LONGEST_TAG)
        return len(data) if self._misled else whole

    def _records(self, data: bytes, at: int) -> tuple[list[Cut], int]:
        """Return the complete adjacent records from `at`, and where they end. Stop at one that is unsafe to cut."""
        records: list[Cut] = []
        while data.startswith(self._opening, at) and (end := data.find(self._closing, at)) >= 0:
            record = data[at : end + len(self._closing)]
            if self._misleads(record):
                self._misled = True
                break
            records.append(record if len(record) <= LARGEST_RECORD else Oversized(record[:_KEPT]))
            at = _end_of_blanks(data, at + len(record))
        return records, at

    def _misleads(self, record: bytes) -> bool:
        """Whether a record has more than elements and text. Testing for one byte first is faster than for two."""
        if (b"!" in record and (b"<!-" in record or b"<![" in record)) or (b"?" in record and b"<?" in record):
            return True
        return record.find(self._alike, 1) >= 0 and self._another.search(record, 1) is not None


class _OpenRecord:
    """A record whose end has not arrived. Only new bytes are searched for it."""

    def __init__(self, data: bytes, alike: bytes, closing: bytes) -> None:
        self.start = data[:_KEPT]
        self._size = len(data)
        self._closing = closing
        self._unsafe = re.compile(rb"<!|<\?|" + re.escape(alike) + rb"[\s/>]")
        self._overlap = data[1:][1 - len(closing) :]  # without the record's own opening
        self._is_unsafe = self._unsafe.search(data, 1) is not None

    @property
    def is_oversized(self) -> bool:
        """Whether it is too large to be kept."""
        return self._size > LARGEST_RECORD

    def end_in(self, chunk: bytes) -> int | None:
        """Return where the record ends in this chunk, or None. Raises `MisleadingOversized`."""
        seen = self._overlap + chunk
        found = seen.find(self._closing)
        end = None if found < 0 else found + len(self._closing) - len(self._overlap)
        self._size += len(chunk) if end is None else end
        self._is_unsafe = self._is_unsafe or self._unsafe.search(seen, 0, len(seen) if found < 0 else found) is not None
        if self.is_oversized and self._is_unsafe:
            raise MisleadingOversized
        self._overlap = seen[1 - len(self._closing) :]
        return end


def _end_of_blanks(data: bytes, at: int) -> int:
    blanks = _BLANKS.match(data, at)
    return blanks.end() if blanks else at


def _last_whole(data: bytes, at: int) -> int:
    """Return where an incomplete tag begins, or the end of the data."""
    tag = data.rfind(b"<", at)
    return len(data) if tag < 0 or data.find(b">", tag) >= 0 else tag
