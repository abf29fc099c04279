"""Whether the time to read an answer grows like the answer, whatever it holds."""

import gc
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import httpx

from bench.contest import Chapter, Contest, Verdict
from bench.lab import Lab
from bench.measured import Measured
from xpm.xero.endpoints import STAFF
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.http.bounded import BoundedTransport
from xpm.xero.http.bounds import EXTENSION, LONG_LIST
from xpm.xero.xml.answer import RecordReader
from xpm.xero.xml.record import read_each

TITLE = "Hostile answers"
TIMES, GROWS = 4, 6.0  # goal: four times the answer takes at most six times the time; quadratic work takes sixteen
MIB = 1024**2
CHUNK = 64 * 1024  # bytes, as they come from the network

PROSE = """Answers made to be costly, read in this process as a sync reads them, of {small:.1f} MiB and of {times} times
as much. Work that grows with the square of an answer would take {square} times the processor time."""


def hostile_answers(lab: Lab) -> Chapter:
    """Measure how the time grows for each kind of answer."""
    size = MIB // (1 if lab.sizes.rounds > 1 else 8)
    gc.disable()  # as the process that reads records does: they form no cycles
    try:
        contests = [_contest(name, make, size, lab.sizes.rounds) for name, make in ANSWERS.items()]
    finally:
        gc.enable()
    verdicts = [_verdict(contest) for contest in contests]
    prose = PROSE.format(small=size / MIB, times=TIMES, square=TIMES**2)
    return Chapter("hostile_answers", TITLE, prose, contests, verdicts, "cpu_seconds")


def _contest(name: str, make: Callable[[int], bytes], size: int, rounds: int) -> Contest:
    runs = {_label(at): [_reading(make(at)) for _ in range(rounds)] for at in _sizes(size)}
    return Contest(name, TIMES, runs)


def _verdict(contest: Contest) -> Verdict:
    _, large = contest.runs
    ratio = contest.ratio(large, "cpu_seconds").median
    return Verdict(f"{TITLE}: {contest.work}", f"at most {GROWS:g} times", f"{ratio:.1f} times", ratio <= GROWS)


def _sizes(size: int) -> tuple[int, int]:
    return size, size * TIMES - CHUNK  # a little less, so that even one record stays below its bound


def _label(size: int) -> str:
    return f"{round(size / MIB, 2):g} MiB"


def _reading(body: bytes) -> Measured:
    """Read a compressed answer through the bounded transport, and its records."""
    packed = zlib.compress(body)
    headers = {"Content-Encoding": "deflate"}
    wire = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=_In(packed)))
    began, cpu_began = time.perf_counter(), time.process_time()
    with (
        httpx.Client(transport=BoundedTransport(wire)) as http,
        http.stream("GET", "https://xero.example/", extensions={EXTENSION: LONG_LIST}) as answer,
        suppress(UnreadableAnswer),  # some of these answers are refused; the question is after how long
    ):
        deque(read_each(RecordReader(STAFF, {}).read(answer.iter_bytes(CHUNK)), {}), maxlen=0)
    return Measured(time.perf_counter() - began, time.process_time() - cpu_began, 0.0, {})


class _In(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), CHUNK):
            yield self._body[at : at + CHUNK]


def _list_of(inside: bytes) -> bytes:
    return b"<Response><Status>OK</Status><StaffList>" + inside + b"</StaffList></Response>"


def _one_record(size: int) -> bytes:
    return _list_of(b"<Staff><UUID>a</UUID>" + b"<Odd>x</Odd>" * (size // 12) + b"</Staff>")


def _small_records(size: int) -> bytes:
    return _list_of(b"<Staff><UUID>a</UUID></Staff>" * (size // 29))


def _deep_record(size: int) -> bytes:
    return _list_of(b"<Staff><UUID>a</UUID>" + b"<a>" * (size // 7) + b"</a>" * (size // 7) + b"</Staff>")


def _long_tag(size: int) -> bytes:
    return b"<Response><Status>OK</Status><StaffList a='" + b"a" * size


def _openings(size: int) -> bytes:
    return _list_of(b"<Staff>" * (size // 7))


ANSWERS: Mapping[str, Callable[[int], bytes]] = {
    "one record of strangers": _one_record,
    "small records": _small_records,
    "a deep record": _deep_record,
    "a tag without end": _long_tag,
    "openings without end": _openings,
}
