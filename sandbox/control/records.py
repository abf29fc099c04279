"""Truth and edits: what is really in a practice, and changing it while apps read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import edits
from sandbox.control.speech import BadCall, array, practice_of, spoken, told
from sandbox.edits import ENTITIES, NoSuchRecord
from sandbox.practice import Owner, Practice
from sandbox.records.chance import Record, reference
from sandbox.shuffle import shuffle


@spoken
async def truth(request: Request) -> Response:
    """`GET …/records/{entity}`: every record, by the names XPM's XML uses."""
    return array(truth_of(practice_of(request), _entity(request)))


@spoken
async def add_record(request: Request) -> Response:
    """`POST …/records/{entity}[?created=YYYY-MM-DD]`: add one (201); `created` dates a job."""
    practice, entity, record = practice_of(request), _entity(request), await told(request)
    return JSONResponse(edits.add(practice, entity, record, _created(request)), status_code=201)


@spoken
async def change_record(request: Request) -> Response:
    """`PATCH …/records/{entity}/{key}`: new values for the elements given."""
    practice, entity, record = practice_of(request), _entity(request), await told(request)
    return JSONResponse(edits.change(practice, entity, request.path_params["key"], record))


@spoken
async def delete_record(request: Request) -> Response:
    """`DELETE …/records/{entity}/{key}`."""
    edits.delete(practice_of(request), _entity(request), request.path_params["key"])
    return Response(status_code=204)


@spoken
async def archive_client(request: Request) -> Response:
    """`POST …/clients/{uuid}/archive`."""
    return JSONResponse(edits.archive(practice_of(request), request.path_params["uuid"]))


@spoken
async def shuffle_records(request: Request) -> Response:
    """`POST …/shuffle {"seed": 1, "changes": 20}`: random edits; the answer lists them."""
    asked: dict[str, Any] = {"seed": 1, "changes": 20} | await told(request)
    if not all(isinstance(asked[name], int) for name in ("seed", "changes")):
        raise BadCall("seed and changes must be whole numbers.")
    return JSONResponse(shuffle(practice_of(request), asked["seed"], asked["changes"]))


def truth_of(practice: Practice, entity: str) -> Iterator[Record]:
    """Every record of one kind as it is now: detailed, with None for what is empty."""
    if entity == "clients":
        return practice.clients.records()
    if entity == "jobs":
        return practice.jobs.records()
    if entity == "custom_field_values":
        return _all_values(practice)
    if entity == "groups":
        return _groups(practice)
    return practice.catalogues[entity].records()


def _groups(practice: Practice) -> Iterator[Record]:
    """Groups with their members, as `get` shows them; one walk over the clients for all."""
    members: dict[str, list[Record]] = {}
    for position in practice.clients.positions():
        client = practice.clients.outline(position)
        for uuid in client.groups:
            members.setdefault(uuid, []).append(reference(client.uuid, client.name))
    for group in practice.groups.records():
        yield group | {"Clients": members.get(group["UUID"], [])}


def _all_values(practice: Practice) -> Iterator[Record]:
    owners: tuple[tuple[Owner, Any], ...] = (("client", practice.clients), ("job", practice.jobs))
    for owner, shelf in owners:
        for position in shelf.positions():
            yield {"owner": owner, "key": shelf.key(position), "values": practice.values(owner, position)}


def _entity(request: Request) -> str:
    entity: str = request.path_params["entity"]
    if entity not in ENTITIES:
        raise NoSuchRecord(f"entity {entity}; there are {', '.join(ENTITIES)}")
    return entity


def _created(request: Request) -> date | None:
    written = request.query_params.get("created")
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as problem:
        raise BadCall("created must be a date like 2024-05-31.") from problem
