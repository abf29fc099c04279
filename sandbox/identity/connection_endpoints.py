"""`/connections`: lists what the token's owner has connected to the app, and deletes one connection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import fault_of
from sandbox.identity.bearer import caller
from sandbox.identity.connections import XeroConnection
from sandbox.identity.problems import AccessRefused, forbidden, not_found
from sandbox.world import World


async def list_connections(request: Request) -> Response:
    """`GET /connections[?authEventId=…]`: the connections of all consents, for tenants of every type."""
    world: World = request.app.state.world
    try:
        consent = caller(world, request)
    except AccessRefused as refusal:
        return refusal.response
    fault = fault_of(request.scope)
    if fault is not None and fault.kind == "empty_list":
        return JSONResponse([])
    event = next((value for name, value in request.query_params.items() if name.lower() == "autheventid"), None)
    mine = world.connections.of(consent.email, consent.client_id)
    return JSONResponse(
        [connection_json(world, known) for known in mine if event is None or known.event_id == event.lower()]
    )


async def drop_connection(request: Request) -> Response:
    """`DELETE /connections/{id}`: 204; 404 for an unknown id; 403 for a tenant id or event id."""
    world: World = request.app.state.world
    try:
        consent = caller(world, request)
    except AccessRefused as refusal:
        return refusal.response
    wanted = request.path_params["connection_id"].lower()
    mine = world.connections.of(consent.email, consent.client_id)
    if any(wanted in {known.tenant_id, known.event_id} for known in mine):
        return forbidden()
    if not any(known.connection_id == wanted for known in mine):
        return not_found()
    world.connections.remove(lambda known: known.connection_id == wanted)
    return Response(status_code=204)


def connection_json(world: World, known: XeroConnection) -> dict[str, Any]:
    """Return one connection as Xero writes it."""
    return {
        "id": known.connection_id,
        "authEventId": known.event_id,
        "tenantId": known.tenant_id,
        "tenantType": known.tenant_type,
        "tenantName": world.tenant_name(known.tenant_id),
        "createdDateUtc": _stamp(known.created),
        "updatedDateUtc": _stamp(known.updated),
    }


def _stamp(moment: datetime) -> str:
    """Write naive UTC with seven decimals, as .NET does."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0"
