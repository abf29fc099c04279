"""Ground truth and edits: reads an account's records directly, and changes them while apps read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.accounts import edits
from sandbox.accounts.account import Account, Owner
from sandbox.accounts.edits import ENTITIES, NoSuchRecord
from sandbox.accounts.random_edits import make_random_edits
from sandbox.control.json_calls import BadCall, account_in_path, json_array, json_endpoint, json_object
from sandbox.generator.record import Record, reference
from sandbox.xpm.time_entries import time_record


@json_endpoint
async def truth(request: Request) -> Response:
    """`GET …/records/{entity}`: every record, with the element names of XPM's XML."""
    return json_array(truth_of(account_in_path(request), _entity(request)))


@json_endpoint
async def add_record(request: Request) -> Response:
    """`POST …/records/{entity}[?created=YYYY-MM-DD]`: add one (201); `created` is the creation date of a job."""
    account, entity, record = account_in_path(request), _entity(request), await json_object(request)
    return JSONResponse(edits.add(account, entity, record, _created(request)), status_code=201)


@json_endpoint
async def change_record(request: Request) -> Response:
    """`PATCH …/records/{entity}/{key}`: replace the given elements."""
    account, entity, record = account_in_path(request), _entity(request), await json_object(request)
    return JSONResponse(edits.change(account, entity, request.path_params["key"], record))


@json_endpoint
async def delete_record(request: Request) -> Response:
    """`DELETE …/records/{entity}/{key}`."""
    edits.delete(account_in_path(request), _entity(request), request.path_params["key"])
    return Response(status_code=204)


@json_endpoint
async def archive_client(request: Request) -> Response:
    """`POST …/clients/{uuid}/archive`."""
    return JSONResponse(edits.archive(account_in_path(request), request.path_params["uuid"]))


@json_endpoint
async def list_times(request: Request) -> Response:
    """`GET …/times`: every time entry of the account, with the element names of XPM's XML."""
    account = account_in_path(request)
    return JSONResponse([time_record(account, entry) for entry in account.time_entries])


@json_endpoint
async def edit_at_random(request: Request) -> Response:
    """`POST …/shuffle {"seed": 1, "changes": 20}`: make random edits and return them."""
    asked: dict[str, Any] = {"seed": 1, "changes": 20} | await json_object(request)
    if not all(isinstance(asked[name], int) for name in ("seed", "changes")):
        raise BadCall("seed and changes must be whole numbers.")
    return JSONResponse(make_random_edits(account_in_path(request), asked["seed"], asked["changes"]))


def truth_of(account: Account, entity: str) -> Iterator[Record]:
    """Yield every record of one kind in full, with None for empty elements."""
    if entity == "clients":
        return account.clients.records()
    if entity == "jobs":
        return account.jobs.records()
    if entity == "custom_field_values":
        return _all_values(account)
    if entity == "groups":
        return _groups(account)
    return account.catalogues[entity].records()


def _groups(account: Account) -> Iterator[Record]:
    """Yield the groups with their members, as `clientgroup.api/get` shows them; the clients are read once."""
    members: dict[str, list[Record]] = {}
    for position in account.clients.positions():
        client = account.clients.outline(position)
        for uuid in client.groups:
            members.setdefault(uuid, []).append(reference(client.uuid, client.name))
    for group in account.groups.records():
        yield group | {"Clients": members.get(group["UUID"], [])}


def _all_values(account: Account) -> Iterator[Record]:
    owners: tuple[tuple[Owner, Any], ...] = (("client", account.clients), ("job", account.jobs))
    for owner, table in owners:
        for position in table.positions():
            yield {"owner": owner, "key": table.key(position), "values": account.values(owner, position)}


def _entity(request: Request) -> str:
    entity: str = request.path_params["entity"]
    if entity not in ENTITIES:
        raise NoSuchRecord(f"entity {entity} (known are {', '.join(ENTITIES)})")
    return entity


def _created(request: Request) -> date | None:
    written = request.query_params.get("created")
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as problem:
        raise BadCall("created must be a date like 2024-05-31.") from problem
