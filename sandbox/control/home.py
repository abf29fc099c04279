"""The home page: what the sandbox holds, who can sign in, and buttons for the usual faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.accounts.random_edits import make_random_edits
from sandbox.faults import fault_from
from sandbox.identity.connection_endpoints import connection_json
from sandbox.pages import page
from sandbox.world import World

COMMON_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "expired": ("Access token expired, once", {"area": "xpm", "kind": "token_expired"}),
    "minute": ("Minute limit reached, once", {"area": "xpm", "kind": "limit", "problem": "minute"}),
    "day": ("Day limit reached, once", {"area": "xpm", "kind": "limit", "problem": "day"}),
    "lost": ("Token answer lost, once", {"area": "token", "kind": "lost_answer"}),
    "write_lost": (
        "Answer to a change in XPM lost, once",
        {"area": "xpm", "method": "PUT", "kind": "lost_answer"},
    ),
    "write_ignored": ("Change answered OK but not made, once", {"area": "xpm", "kind": "ok_but_ignored"}),
    "maintenance": ("XPM offline, until cleared", {"area": "xpm", "kind": "maintenance", "times": 0}),
    "cut": ("Job list cut off, once", {"area": "xpm", "path": "job.api", "kind": "truncate", "fraction": 0.5}),
    "corrupted": (
        "One unreadable client, once",
        {"area": "xpm", "path": "client.api/list", "kind": "bad_record", "nth": 2},
    ),
    "empty": ("Empty job list, once", {"area": "xpm", "path": "job.api", "kind": "empty_list"}),
}
"""Label and description of each fault that the page offers."""


async def home(request: Request) -> Response:
    """`GET /`."""
    world: World = request.app.state.world
    connections = [(world.people[known.email], connection_json(world, known)) for known in world.connections.where()]
    return page(
        "home.html",
        url=str(request.base_url).rstrip("/"),
        now=world.clock.now(),
        apps=list(world.apps.values()),
        people=list(world.people.values()),
        accounts=list(world.accounts.values()),
        connections=connections,
        faults=[fault for fault in world.faults.all() if not fault.spent],
        common_faults=COMMON_FAULTS,
        requests=world.request_log.requests()[-8:][::-1],
    )


async def press(request: Request) -> Response:
    """`POST /press/{button}`: do what the button says, then show the page again."""
    world: World = request.app.state.world
    value = str((await request.form()).get("value", ""))
    action = _BUTTONS.get(request.path_params["button"])
    if action is None:
        return Response(status_code=404)
    action(world, value)
    return RedirectResponse("/", status_code=303)


def _disconnect(world: World, value: str) -> None:
    world.connections.remove(lambda known: known.connection_id == value)


def _expire(world: World, _: str) -> None:
    world.grants.expire_access()


def _revoke(world: World, value: str) -> None:
    world.grants.revoke(value)


def _fault(world: World, value: str) -> None:
    if value in COMMON_FAULTS:
        world.faults.inject(fault_from(COMMON_FAULTS[value][1]))


def _clear(world: World, _: str) -> None:
    world.faults.clear()


def _make_random_edits(world: World, value: str) -> None:
    if value in world.accounts:
        make_random_edits(world.accounts[value], seed=int(world.clock.now().timestamp()), changes=20)


_BUTTONS: dict[str, Callable[[World, str], None]] = {
    "disconnect": _disconnect,
    "expire": _expire,
    "revoke": _revoke,
    "fault": _fault,
    "clear": _clear,
    "shuffle": _make_random_edits,
}

HOME_ROUTES = [Route("/", home), Route("/press/{button}", press, methods=["POST"])]
