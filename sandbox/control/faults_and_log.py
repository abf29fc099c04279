"""Injecting faults, reading the request log and the journal of writes, and resetting the rate limits."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.accounts.edits import NoSuchRecord
from sandbox.control.json_calls import BadCall, json_endpoint, json_object, world_of
from sandbox.faults import fault_from


@json_endpoint
async def inject_fault(request: Request) -> Response:
    """`POST /sandbox/faults`: inject one (201)."""
    fault = world_of(request).faults.inject(fault_from(await json_object(request)))
    return JSONResponse(fault.as_json(), status_code=201)


@json_endpoint
async def list_faults(request: Request) -> Response:
    """`GET /sandbox/faults`: every fault, and how many calls it has hit."""
    return JSONResponse([fault.as_json() for fault in world_of(request).faults.all()])


@json_endpoint
async def clear_faults(request: Request) -> Response:
    """`DELETE /sandbox/faults`: remove all; `/sandbox/faults/{id}`: remove one."""
    wanted = request.path_params.get("fault_id")
    if not world_of(request).faults.clear(wanted) and wanted is not None:
        raise NoSuchRecord(f"fault {wanted}")
    return Response(status_code=204)


@json_endpoint
async def list_requests(request: Request) -> Response:
    """`GET /sandbox/requests[?since=n]`: the requests numbered above n, newest last."""
    return JSONResponse(world_of(request).request_log.requests(_since(request)))


@json_endpoint
async def clear_requests(request: Request) -> Response:
    """`DELETE /sandbox/requests`: clear the request log and the usage."""
    world_of(request).request_log.clear()
    return Response(status_code=204)


@json_endpoint
async def list_writes(request: Request) -> Response:
    """`GET /sandbox/journal[?since=n]`: the writes to XPM numbered above n, newest last."""
    return JSONResponse([write.as_json() for write in world_of(request).journal.writes(_since(request))])


@json_endpoint
async def clear_writes(request: Request) -> Response:
    """`DELETE /sandbox/journal`: forget all writes."""
    world_of(request).journal.clear()
    return Response(status_code=204)


@json_endpoint
async def show_usage(request: Request) -> Response:
    """`GET /sandbox/usage`: the usage of each tenant, and the token requests by grant."""
    return JSONResponse(world_of(request).request_log.usage())


@json_endpoint
async def reset_limits(request: Request) -> Response:
    """`POST /sandbox/limits/reset`: give every tenant its whole allowance again."""
    world_of(request).rate_limiter.reset()
    return Response(status_code=204)


def _since(request: Request) -> int:
    since = request.query_params.get("since", "0")
    if not since.isdigit():
        raise BadCall("since must be a number of a request or write.")
    return int(since)
