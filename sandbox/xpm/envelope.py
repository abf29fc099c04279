"""The `<Response>` around every XPM answer. Lists are streamed, so a long list takes little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from starlette.responses import Response, StreamingResponse

from sandbox.accounts.table import O, Table
from sandbox.faults import Fault
from sandbox.generator.record import Record
from sandbox.transport import in_turns
from sandbox.xpm.call import ReceivedCall
from sandbox.xpm.render import View, escape

CONTENT_TYPE = "text/xml; charset=utf-8"
CHUNK = 64 * 1024
UNEXPECTED = "An unexpected error occurred"
"""What the fault `error_body` says unless it is told otherwise."""


def ok(api_method: str, body: bytes) -> Response:
    """Answer with a single record, or any short body."""
    return _xml(b"%s%s</Response>" % (_opening(api_method), body))


def error(api_method: str, description: str) -> Response:
    """Answer with a business error: HTTP 200 and `Status` ERROR."""
    return _error(api_method, description, 200)


def bad_request(api_method: str, description: str) -> Response:
    """Answer wrong parameters: HTTP 400 and `Status` ERROR."""
    return _error(api_method, description, 400)


def table_list(
    call: ReceivedCall, container: str, table: Table[O], positions: Sequence[int], view: View, *, tail: bytes = b""
) -> Response:
    """Answer with a list of one table's records. Their XML is cached until they change."""
    pieces = (table.xml(position, view.name, view.write) for position in positions)
    return listing(call, container, pieces, view, lambda place: table.record(positions[place]), tail=tail)


def listing(
    call: ReceivedCall,
    container: str,
    pieces: Iterable[bytes],
    view: View,
    nth: Callable[[int], Record],
    *,
    tail: bytes = b"",
) -> Response:
    """Answer with a list of XML elements, changed by the call's fault if it has one.

    Args:
        nth: returns the record at a place in the list, for the fault that corrupts one.
        tail: what follows the container, e.g. the pagination.
    """
    fault, api_method = call.fault, call.api_method
    kind = fault.kind if fault else None
    if fault and kind == "error_body":
        return error(api_method, fault.details.get("description", UNEXPECTED))
    if kind == "no_container":
        return ok(api_method, b"")
    if kind == "empty_list":
        pieces = ()
    if kind == "duplicate":
        pieces = _with_duplicate(pieces)
    if fault and kind == "bad_record":
        pieces = _with_corrupted(pieces, fault, view, nth)
    if fault and kind == "damage":
        pieces = _with_damage(pieces, fault)
    if fault and kind == "new_element":
        pieces = _with_new_element(pieces, fault.details.get("tag", "NewInXpm").encode())
    return StreamingResponse(in_turns(_chunks(_whole(api_method, container, pieces, tail))), media_type=CONTENT_TYPE)


def _whole(api_method: str, container: str, pieces: Iterable[bytes], tail: bytes) -> Iterator[bytes]:
    """Yield the parts of the answer. An empty list is an empty element."""
    yield _opening(api_method)
    flow = iter(pieces)
    first = next(flow, None)
    if first is None:
        yield f"<{container} />".encode()
    else:
        yield f"<{container}>".encode()
        yield from chain((first,), flow)
        yield f"</{container}>".encode()
    yield tail + b"</Response>"


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    gathered, size = [], 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)


def _with_duplicate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Repeat the first record at the end, as when a list shifts while it is read."""
    flow = iter(pieces)
    for first in flow:
        yield from chain((first,), flow, (first,))


def _with_corrupted(pieces: Iterable[bytes], fault: Fault, view: View, nth: Callable[[int], Record]) -> Iterator[bytes]:
    """Replace the fault's `nth` record (from 1) with one that cannot be parsed."""
    place = fault.details.get("nth", 1) - 1
    for here, piece in enumerate(pieces):
        yield _spoilt(piece, view, nth(place), fault.details.get("what", "markup")) if here == place else piece


def _with_damage(pieces: Iterable[bytes], fault: Fault) -> Iterator[bytes]:
    """Replace the byte `at` an offset in the fault's `nth` record (from 1) by the bytes `by`, in hexadecimal."""
    place, by = fault.details.get("nth", 1) - 1, bytes.fromhex(fault.details.get("by", "00"))
    for here, piece in enumerate(pieces):
        at = fault.details.get("at", 0) % len(piece)
        yield piece[:at] + by + piece[at + 1 :] if here == place else piece


def _with_new_element(pieces: Iterable[bytes], tag: bytes) -> Iterator[bytes]:
    """Add an element to every record, as an update of XPM may do."""
    for piece in pieces:
        before, end, name = piece.rpartition(b"</")
        yield b"%s<%s>1</%s>%s%s" % (before, tag, tag, end, name)


def _spoilt(piece: bytes, view: View, record: Record, what: str) -> bytes:
    """Leave an element open (`markup`), or spoil the content."""
    if what == "markup":
        return piece.removesuffix(f"</{view.tag}>".encode()) + f"<Odd></{view.tag}>".encode()
    return view.write(_corrupted(record, what))


def _corrupted(record: Record, what: str) -> Record:
    if what == "uuid":
        return {name: part for name, part in record.items() if name not in {"UUID", "ID"}}
    if what == "date":
        date = next((name for name in ("StartDate", "DateOfBirth") if name in record), "Date")
        return {**record, date: "31/31/2024"}
    return record | {what: "not a value"}


def _opening(api_method: str) -> bytes:
    return f'<Response api-method="{api_method}"><Status>OK</Status>'.encode()


def _error(api_method: str, description: str, status: int) -> Response:
    description_xml = f"<ErrorDescription>{escape(description)}</ErrorDescription>"
    return _xml(
        f'<Response api-method="{api_method}"><Status>ERROR</Status>{description_xml}</Response>'.encode(), status
    )


def _xml(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type=CONTENT_TYPE)
