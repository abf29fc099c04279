"""Answers are decompressed and bounded while they arrive, over real TCP."""

import gzip
import zlib
from collections.abc import Iterable, Iterator

import httpx
import pytest

from tests.xero.hostile_server import ENDLESS, MIB, bomb, head, hostile, plain, zipped_twice
from xpm.xero.http.bounded import AnswerTooLarge, BoundedTransport, wire_bytes
from xpm.xero.http.bounds import EXTENSION, LARGEST_HEADERS, SHORT_ANSWER, Bound
from xpm.xero.http.client import open_client

TEXT = b"<Response>" + b"text " * 50_000 + b"</Response>"
RAW = zlib.compressobj(wbits=-15)


def got(answer: bytes) -> bytes:
    """Fetch the whole body."""
    with hostile(answer) as server, open_client() as http:
        return http.get(server.url).content


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW.compress(TEXT) + RAW.flush()),
        ("identity", TEXT),
    ],
    ids=["gzip", "x-gzip", "any case", "two members", "deflate", "deflate without its header", "identity"],
)
def test_a_compressed_answer_is_read_like_a_plain_one(encoding: str, body: bytes) -> None:
    assert got(plain(body, f"Content-Encoding: {encoding}")) == TEXT


@pytest.mark.parametrize("cut", [1, 2, 10, 100])
def test_a_compressed_answer_of_one_byte_pieces_is_read_as_well(cut: int) -> None:
    packed = gzip.compress(TEXT)
    pieces = (head("Content-Encoding: gzip"), *(packed[at : at + cut] for at in range(0, len(packed), cut)))
    with hostile(lambda: pieces) as server, open_client() as http:
        assert http.get(server.url).content == TEXT


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"anything"),
        ("zstd", b"anything"),
        ("gzip, gzip", zipped_twice(1)),
        ("gzip", TEXT),
        ("gzip", gzip.compress(TEXT)[:-9]),
        ("gzip", gzip.compress(TEXT) + b"and more"),
        ("deflate", zlib.compress(TEXT)[:-5]),
    ],
    ids=["brotli", "zstd", "twice", "not compressed", "cut short", "more after the end", "deflate cut short"],
)
def test_an_answer_that_is_not_compressed_as_we_asked_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        got(plain(body, f"Content-Encoding: {encoding}"))


def test_an_answer_without_a_body_needs_no_decompression() -> None:
    assert got(plain(b"", "Content-Encoding: gzip", status="401 Unauthorized")) == b""


def test_a_bomb_is_stopped_while_it_is_unpacked() -> None:
    taken: list[int] = []
    with (
        hostile(plain(bomb(20), "Content-Encoding: gzip")) as server,
        open_client() as http,
        http.stream("GET", server.url) as answer,
        pytest.raises(AnswerTooLarge),
    ):
        taken.extend(len(piece) for piece in answer.iter_raw())
    assert sum(taken) <= SHORT_ANSWER.bytes
    assert max(taken) <= 64 * 1024


def test_an_endless_answer_is_left_after_its_bound() -> None:
    def endless() -> Iterable[bytes]:
        yield head()
        yield from (b" " * MIB for _ in range(ENDLESS))

    with hostile(endless) as server, open_client() as http, pytest.raises(AnswerTooLarge):
        http.get(server.url)
    assert server.sent < 20 * MIB  # what fits into the buffers of both sockets


def test_an_answer_that_announces_too_much_is_not_even_begun() -> None:
    announced = head(f"Content-Length: {10**15}") + b" "
    with hostile(announced) as server, open_client() as http, pytest.raises(AnswerTooLarge):
        http.get(server.url)


@pytest.mark.parametrize("size", [LARGEST_HEADERS, 200 * 1024], ids=["by us", "by the HTTP library"])
def test_headers_that_are_too_large_are_refused(size: int) -> None:
    with pytest.raises((AnswerTooLarge, httpx.RemoteProtocolError)):
        got(plain(b"", f"X-Rate-Limit-Problem: {'x' * size}"))


def test_a_request_may_name_a_bound_of_its_own() -> None:
    body = b" " * (2 * MIB)
    with hostile(plain(body)) as server, open_client() as http:
        assert http.get(server.url, extensions={EXTENSION: Bound(2 * MIB, 60)}).content == body
        with pytest.raises(AnswerTooLarge):
            http.get(server.url, extensions={EXTENSION: Bound(2 * MIB - 1, 60)})


def test_bytes_are_counted_as_they_came_over_the_wire() -> None:
    packed = gzip.compress(TEXT)
    with hostile(plain(packed, "Content-Encoding: gzip")) as server, open_client() as http:
        answer = http.get(server.url)
    assert wire_bytes(answer) == len(packed) < len(TEXT)


def test_an_answer_that_drips_is_left_once_we_have_waited_too_long() -> None:
    """The time that we take ourselves between two pieces does not count."""
    now = [0.0]

    class Drips(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                now[0] += 1
                yield b"."

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drips())

    taken: list[bytes] = []

    def take(pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            taken.append(piece)
            now[0] += 50

    transport = BoundedTransport(httpx.MockTransport(answer), timer=lambda: now[0])
    with (
        httpx.Client(transport=transport) as http,
        http.stream("GET", "https://xero.example", extensions={EXTENSION: Bound(MIB, 10)}) as slow,
        pytest.raises(httpx.ReadTimeout),
    ):
        take(slow.iter_raw())
    assert len(taken) == 10
