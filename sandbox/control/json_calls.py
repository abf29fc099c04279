"""Reads control calls and answers them: JSON in, JSON out, and each error with a sentence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sandbox.accounts.account import Account
from sandbox.accounts.edits import BadEdit, NoSuchRecord
from sandbox.accounts.practice_rules import BadRule
from sandbox.faults import BadFault
from sandbox.transport import in_turns
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
_BATCH = 50  # records in one chunk of a streamed answer


class BadCall(ValueError):
    """The control call is wrong; the message says how."""


def json_endpoint(endpoint: Endpoint) -> Endpoint:
    """Turn a wrong call into a 400 and a missing record into a 404, each with its message."""

    @wraps(endpoint)
    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (BadCall, BadEdit, BadFault, BadRule) as mistake:
            return JSONResponse({"error": str(mistake)}, status_code=400)
        except NoSuchRecord as missing:
            return JSONResponse({"error": f"Not found: {missing}."}, status_code=404)

    return answering


def world_of(request: Request) -> World:
    """Return the world that the app serves."""
    world: World = request.app.state.world
    return world


def account_in_path(request: Request) -> Account:
    """Return the account that the URL names.

    Raises:
        NoSuchRecord: no account has that tenant id.
    """
    tenant_id = request.path_params["tenant_id"].lower()
    account = world_of(request).accounts.get(tenant_id)
    if account is None:
        raise NoSuchRecord(f"account {tenant_id}")
    return account


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; an empty body counts as an empty object.

    Raises:
        BadCall: the body is not a JSON object.
    """
    body = await request.body()
    try:
        value = json.loads(body or b"{}")
    except ValueError as problem:
        raise BadCall("The body is not JSON.") from problem
    if not isinstance(value, dict):
        raise BadCall("The body must be a JSON object.")
    return value


def json_array(records: Iterable[dict[str, Any]]) -> Response:
    """Stream a JSON array of the records."""
    return StreamingResponse(in_turns(_json_array(records)), media_type="application/json")


def _json_array(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    batch: list[str] = []
    opening = "["
    for record in records:
        batch.append(json.dumps(record, ensure_ascii=False))
        if len(batch) == _BATCH:
            yield opening + ",".join(batch)
            batch, opening = [], ","
    yield (opening if batch or opening == "[" else "") + ",".join(batch) + "]"
