"""A transport that decompresses answers itself and stops an answer that is too large or too slow, while it arrives.

httpx decompresses each piece of an answer whole, however large it gets: 64 KiB of gzip may become 64 MiB, and of other
formats far more. Here no step makes more than one piece.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import httpx

from xpm.xero.http.bounds import EXTENSION, LARGEST_HEADERS, SHORT_ANSWER, Bound

ACCEPTED = "gzip, deflate"
"""What we ask for. An answer in another format, or in several at once, is refused."""

_PIECE = 64 * 1024  # bytes decompressed at once
_WIRE = "fyi_xpm.wire"
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS  # what zlib calls the formats


class AnswerTooLarge(httpx.DecodingError):
    """The answer exceeds a bound. The text says which; it holds nothing of the answer."""


@dataclass
class _Wire:
    """How many bytes of an answer arrived, before decompression: Xero charges for those."""

    bytes: int = 0


class BoundedTransport(httpx.BaseTransport):
    """Passes requests on to another transport, and its answers back within their bounds.

    A request may name its bound as the extension `EXTENSION`; the default is `SHORT_ANSWER`. Raises `AnswerTooLarge`,
    `httpx.ReadTimeout` if the pieces come too slowly, and `httpx.DecodingError` for what cannot be decompressed.
    """

    def __init__(self, inner: httpx.BaseTransport, timer: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._timer = timer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. The answer's body is decompressed and has lost the headers that describe the original."""
        bound = cast(Bound, request.extensions.get(EXTENSION, SHORT_ANSWER))
        answer = self._inner.handle_request(request)
        try:
            decoder = _require_plausible(answer, bound)
        except httpx.DecodingError:
            answer.close()
            raise
        wire = _Wire()
        return httpx.Response(
            answer.status_code,
            headers=[(name, value) for name, value in answer.headers.raw if not (decoder and _describes_body(name))],
            stream=_BoundedBody(cast(httpx.SyncByteStream, answer.stream), bound, decoder, wire, self._timer),
            extensions=answer.extensions | {_WIRE: wire},
        )

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


def wire_bytes(response: httpx.Response) -> int:
    """Return how many bytes of the body came over the wire so far."""
    wire = response.extensions.get(_WIRE)
    return wire.bytes if isinstance(wire, _Wire) else response.num_bytes_downloaded


def _require_plausible(answer: httpx.Response, bound: Bound) -> "_Inflater | None":
    """Refuse an answer whose headers show that it exceeds a bound. Return what decompresses it, if anything."""
    if sum(len(name) + len(value) for name, value in answer.headers.raw) > LARGEST_HEADERS:
        raise AnswerTooLarge(f"headers of more than {LARGEST_HEADERS:,} bytes")
    announced = answer.headers.get("Content-Length", "")
    if len(announced) > 18 or (announced.isdecimal() and int(announced) > bound.bytes):  # noqa: PLR2004 - 2^63 has 19
        raise AnswerTooLarge(f"more than {bound.bytes:,} bytes")
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return None
    if encoding not in _FORMATS:
        raise httpx.DecodingError("The answer is compressed in a way that was not asked for.")
    return _Inflater(_FORMATS[encoding])


_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}
"""The formats of RFC 9110 §8.4.1. Some servers send "deflate" without the header of zlib that it must have."""


def _describes_body(header: bytes) -> bool:
    return header.lower() in {b"content-encoding", b"content-length"}


@dataclass
class _BoundedBody(httpx.SyncByteStream):
    stream: httpx.SyncByteStream
    bound: Bound
    decoder: "_Inflater | None"
    wire: _Wire
    timer: Callable[[], float]
    waited: float = 0.0  # seconds; our own work between two pieces does not count

    def __iter__(self) -> Iterator[bytes]:
        """Yield the decompressed pieces, until one is too much."""
        taken = 0
        for piece in self.decoder.all(self._arriving()) if self.decoder else self._arriving():
            taken += len(piece)
            if taken > self.bound.bytes:
                raise AnswerTooLarge(f"more than {self.bound.bytes:,} bytes")
            yield piece

    def close(self) -> None:
        """Close the connection, or give it back."""
        self.stream.close()

    def _arriving(self) -> Iterator[bytes]:
        pieces = iter(self.stream)
        while True:
            asked = self.timer()
            piece = next(pieces, None)
            self.waited += self.timer() - asked
            if piece is None:
                return
            if self.waited > self.bound.seconds:
                raise httpx.ReadTimeout(f"The answer took more than {self.bound.seconds:g} seconds.")
            self.wire.bytes += len(piece)
            yield piece


@dataclass
class _Inflater:
    """Decompresses in pieces of bounded size. An incomplete body is an error: it may look like a complete answer."""

    formats: tuple[int, ...]
    _begun: bool = field(default=False, init=False)

    def all(self, arriving: Iterator[bytes]) -> Iterator[bytes]:
        """Yield what the body decompresses to. Several members in a row are one body (RFC 1952 §2.2)."""
        inflate = None
        for data in arriving:
            rest = data
            while rest:
                inflate = inflate or self._format_of(rest)
                yield self._one(inflate, rest)
                rest = inflate.unconsumed_tail or inflate.unused_data
                while not rest and (more := self._one(inflate, b"")):  # what it holds back for lack of room
                    yield more
                inflate = None if inflate.eof else inflate
        if inflate is not None:
            raise httpx.DecodingError("The compressed answer is incomplete.")

    def _format_of(self, start: bytes) -> "zlib._Decompress":
        for form in self.formats:
            try:
                zlib.decompressobj(form).decompress(start[:2], 1)
            except zlib.error:
                continue
            return zlib.decompressobj(form)
        raise httpx.DecodingError("The answer is not compressed as it says.")

    @staticmethod
    def _one(inflate: "zlib._Decompress", data: bytes) -> bytes:
        try:
            return inflate.decompress(data, _PIECE)
        except zlib.error:
            raise httpx.DecodingError("The compressed answer is damaged.") from None
