"""What happens at Xero without the app being told: tokens end, people lose rights, apps change, time passes."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.accounts.account import Account
from sandbox.accounts.edits import NoSuchRecord, add, delete
from sandbox.control.json_calls import BadCall, json_endpoint, json_object, world_of
from sandbox.identity.connection_endpoints import connection_json
from sandbox.identity.scopes import ALL_SCOPES
from sandbox.people import App, Seat, XeroUser
from sandbox.world import World


@json_endpoint
async def show_world(request: Request) -> Response:
    """`GET /sandbox/world`: the apps without secrets, people without passwords, tenants with counts, connections."""
    world = world_of(request)
    return JSONResponse(
        {
            "now": world.clock.now().isoformat(),
            "apps": [_app(app) for app in world.apps.values()],
            "people": [_person(person) for person in world.people.values()],
            "tenants": [
                {
                    "tenantId": account.tenant_id,
                    "name": account.name,
                    "country": account.country,
                    "counts": account.counts(),
                }
                for account in world.accounts.values()
            ],
            "connections": [
                connection_json(world, known) | {"email": known.email, "client_id": known.client_id}
                for known in world.connections.where()
            ],
        }
    )


@json_endpoint
async def advance_clock(request: Request) -> Response:
    """`POST /sandbox/clock {"advance_seconds": n}`: move the clock forward and return the time; n is 0 by default."""
    seconds = (await json_object(request)).get("advance_seconds", 0)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
        raise BadCall("advance_seconds must be a number, at least 0.")
    return JSONResponse({"now": world_of(request).clock.advance(seconds).isoformat()})


@json_endpoint
async def expire_tokens(request: Request) -> Response:
    """`POST /sandbox/tokens/expire`: expire every access token now. Refresh tokens keep working."""
    return JSONResponse({"expired": world_of(request).grants.expire_access()})


@json_endpoint
async def revoke_tokens(request: Request) -> Response:
    """`POST /sandbox/tokens/revoke {"email"}`: revoke a person's tokens. Their connections stay listed at Xero."""
    world = world_of(request)
    person = _known_person(world, str((await json_object(request)).get("email", "")))
    return JSONResponse({"revoked": world.grants.revoke(person.email)})


@json_endpoint
async def remove_connection(request: Request) -> Response:
    """`DELETE /sandbox/connections/{id}`: disconnect the app, as a person can in Xero's own settings."""
    wanted = request.path_params["connection_id"]
    if not world_of(request).connections.remove(lambda known: known.connection_id == wanted):
        raise NoSuchRecord(f"connection {wanted}")
    return Response(status_code=204)


@json_endpoint
async def change_person(request: Request) -> Response:
    """`PATCH /sandbox/people/{email}`: `{"disabled": …, "seats": {tenant id: {"privilege": …, "on_staff": …}}}`.

    `on_staff` also removes the person's record from the account's staff list, or adds one.
    """
    world, asked = world_of(request), await json_object(request)
    person = _known_person(world, request.path_params["email"])
    _check_fields(asked, {"disabled": bool, "seats": dict})
    for tenant_id, rights in asked.get("seats", {}).items():
        account = world.accounts.get(tenant_id)
        if account is None or not isinstance(rights, dict):
            raise BadCall(f"seats: {tenant_id} must be the tenant id of an account, and its value an object.")
        _check_fields(rights, {"privilege": bool, "on_staff": bool})
        _seat(person, account, rights)
    person.disabled = asked.get("disabled", person.disabled)
    return JSONResponse(_person(person))


@json_endpoint
async def change_app(request: Request) -> Response:
    """`PATCH /sandbox/apps/{client_id}`: `{"rotate_secret": true | "secret": …, "redirect_uris": […], "scopes": […]}`.

    Only this answer shows a rotated secret.
    """
    world, asked = world_of(request), await json_object(request)
    app = world.apps.get(request.path_params["client_id"])
    if app is None:
        raise NoSuchRecord("app with this client_id")
    _check_fields(asked, {"rotate_secret": bool, "secret": str, "redirect_uris": list, "scopes": list})
    unknown = set(asked.get("scopes", [])) - ALL_SCOPES
    if unknown:
        raise BadCall(f"Unknown scopes: {', '.join(sorted(map(str, unknown)))}.")
    app.redirect_uris = list(asked.get("redirect_uris", app.redirect_uris))
    app.scopes = set(asked.get("scopes", app.scopes))
    app.secret = asked.get("secret", app.secret)
    if asked.get("rotate_secret"):
        app.secret = secrets.token_urlsafe(24)
        return JSONResponse(_app(app) | {"secret": app.secret})
    return JSONResponse(_app(app))


def _seat(person: XeroUser, account: Account, rights: dict[str, bool]) -> None:
    seat = person.seats.setdefault(account.tenant_id, Seat(on_staff=False))
    seat.privilege = rights.get("privilege", seat.privilege)
    on_staff = rights.get("on_staff", seat.on_staff)
    if on_staff and not seat.on_staff:
        add(account, "staff", {"Name": person.name, "Email": person.email})
    elif seat.on_staff and not on_staff:
        for row in [row for row in account.staff.records() if row["Email"] == person.email]:
            delete(account, "staff", row["UUID"])
    seat.on_staff = on_staff


def _known_person(world: World, email: str) -> XeroUser:
    person = world.people.get(email.lower())
    if person is None:
        raise NoSuchRecord(f"person {email}")
    return person


def _check_fields(asked: dict[str, Any], known: dict[str, type]) -> None:
    for name, value in asked.items():
        if name not in known or not isinstance(value, known[name]):
            raise BadCall(f"{name} is unknown or has the wrong type; known are {', '.join(known)}.")


def _app(app: App) -> dict[str, Any]:
    return {
        "client_id": app.client_id,
        "name": app.name,
        "has_secret": not app.is_public,
        "redirect_uris": app.redirect_uris,
        "scopes": sorted(app.scopes),
    }


def _person(person: XeroUser) -> dict[str, Any]:
    return {
        "name": person.name,
        "email": person.email,
        "xero_userid": person.xero_userid,
        "disabled": person.disabled,
        "seats": {
            tenant: {"privilege": seat.privilege, "on_staff": seat.on_staff} for tenant, seat in person.seats.items()
        },
    }
