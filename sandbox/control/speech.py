"""Reading and answering control calls: JSON in, JSON out, errors with a sentence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sandbox.edits import BadEdit, NoSuchRecord
from sandbox.faults import BadFault
from sandbox.practice import Practice
from sandbox.streaming import in_turns
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
_BATCH = 50  # records joined to one chunk of a long answer


class BadCall(ValueError):
    """A control call that makes no sense; its text says why."""


def spoken(endpoint: Endpoint) -> Endpoint:
    """Answer the mistakes of a caller with 400 or 404 and what was wrong."""

    @wraps(endpoint)
    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (BadCall, BadEdit, BadFault) as mistake:
            return JSONResponse({"error": str(mistake)}, status_code=400)
        except NoSuchRecord as missing:
            return JSONResponse({"error": f"There is no {missing}."}, status_code=404)

    return answering


def world_of(request: Request) -> World:
    """The live world."""
    world: World = request.app.state.world
    return world


def practice_of(request: Request) -> Practice:
    """The practice that the URL names.

    Raises:
        NoSuchRecord: there is none.
    """
    tenant_id = request.path_params["tenant_id"].lower()
    practice = world_of(request).practices.get(tenant_id)
    if practice is None:
        raise NoSuchRecord(f"practice {tenant_id}")
    return practice


async def told(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object.

    Raises:
        BadCall: anything else.
    """
    body = await request.body()
    try:
        value = json.loads(body or b"{}")
    except ValueError as problem:
        raise BadCall("The body is not JSON.") from problem
    if not isinstance(value, dict):
        raise BadCall("The body must be a JSON object.")
    return value


def array(records: Iterable[dict[str, Any]]) -> Response:
    """A JSON array, written as it is made."""
    return StreamingResponse(in_turns(_array(records)), media_type="application/json")


def _array(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    batch: list[str] = []
    opening = "["
    for record in records:
        batch.append(json.dumps(record, ensure_ascii=False))
        if len(batch) == _BATCH:
            yield opening + ",".join(batch)
            batch, opening = [], ","
    yield (opening if batch or opening == "[" else "") + ",".join(batch) + "]"
