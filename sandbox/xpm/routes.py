"""The routes of the XPM API, reads and writes. Like XPM's, their paths ignore case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.accounts.account import Account
from sandbox.areas import XPM_BASE, target_of
from sandbox.faults import fault_of
from sandbox.identity.scopes import XPM_BROAD
from sandbox.world import World
from sandbox.xpm import (
    catalogues,
    client_writes,
    clients,
    custom_field_writes,
    job_writes,
    jobs,
    time_entries,
)
from sandbox.xpm.call import BadParameter, ReceivedCall
from sandbox.xpm.envelope import bad_request
from sandbox.xpm.guarded_endpoint import GuardedEndpoint
from sandbox.xpm.request_body import OverlongBody, body_of
from sandbox.xpm.write_endpoint import write


def _with(area: str) -> frozenset[str]:
    return XPM_BROAD | {f"practicemanager.{area}", f"practicemanager.{area}.read"}


def _to_write(area: str) -> frozenset[str]:
    return frozenset({"practicemanager", f"practicemanager.{area}"})


_CLIENTS, _JOBS, _STAFF, _TIME, _BROAD = _with("client"), _with("job"), _with("staff"), _with("time"), XPM_BROAD
"""Xero documents no granular scope for categories, templates and definitions; only the broad scopes permit those."""
_WRITE_CLIENTS, _WRITE_JOBS, _WRITE_TIME = _to_write("client"), _to_write("job"), _to_write("time")


@dataclass(frozen=True)
class Route:
    """One endpoint. Each `*` in its path is an argument."""

    path: str
    api_method: str
    allowed_by: frozenset[str]
    answer: Callable[[ReceivedCall], Response]
    verb: str = "GET"

    def match(self, parts: list[str]) -> tuple[str, ...] | None:
        """Return the arguments if the path matches, else None."""
        pattern = self.path.split("/")
        if len(pattern) != len(parts):
            return None
        pairs = list(zip(pattern, parts, strict=True))
        if any(want not in {"*", part.lower()} for want, part in pairs):
            return None
        return tuple(part for want, part in pairs if want == "*")


ROUTES = (
    Route("client.api/list", "List", _CLIENTS, clients.client_list),
    Route("client.api/paged-list", "PagedList", _CLIENTS, clients.client_paged_list),
    Route("client.api/contacts", "Contacts", _CLIENTS, clients.contact_list),
    Route("client.api/get/*", "Get", _CLIENTS, clients.client_get),
    Route("client.api/get/*/customfield", "GetCustomField", _CLIENTS, clients.client_values),
    Route("clientgroup.api/list", "List", _CLIENTS, clients.group_list),
    Route("clientgroup.api/get/*", "Get", _CLIENTS, clients.group_get),
    Route("job.api/current", "Current", _JOBS, jobs.job_current),
    Route("job.api/list", "List", _JOBS, jobs.job_list),
    Route("job.api/get/*", "Get", _JOBS, jobs.job_get),
    Route("job.api/get/*/customfield", "GetCustomField", _JOBS, jobs.job_values),
    Route("job.api/client/*", "Client", _JOBS, jobs.job_of_client),
    Route("jobstate.api/list", "List", _JOBS, jobs.job_states),
    Route("staff.api/list", "List", _STAFF, catalogues.staff_list),
    Route("staff.api/get/*", "Get", _STAFF, catalogues.staff_get),
    Route("category.api/list", "List", _BROAD, catalogues.category_list),
    Route("template.api/list", "List", _BROAD, catalogues.template_list),
    Route("customfield.api/definition", "Definition", _BROAD, catalogues.definition_list),
    Route("customfield.api/get/*", "Get", _BROAD, catalogues.definition_get),
    Route("time.api/job/*", "Job", _TIME, time_entries.time_of_job),
    Route("time.api/get/*", "Get", _TIME, time_entries.time_get),
    Route("job.api/update", "Update", _WRITE_JOBS, write(job_writes.job_update), "PUT"),
    Route("job.api/state", "State", _WRITE_JOBS, write(job_writes.job_state), "PUT"),
    Route("job.api/assign", "Assign", _WRITE_JOBS, write(job_writes.job_assign), "PUT"),
    Route(
        "job.api/update/*/customfield",
        "UpdateCustomField",
        _WRITE_JOBS,
        write(custom_field_writes.job_values_update),
        "PUT",
    ),
    Route("client.api/update", "Update", _WRITE_CLIENTS, write(client_writes.client_update), "PUT"),
    Route("client.api/archive", "Archive", _WRITE_CLIENTS, write(client_writes.client_archive), "PUT"),
    Route(
        "client.api/update/*/customfield",
        "UpdateCustomField",
        _WRITE_CLIENTS,
        write(custom_field_writes.client_values_update),
        "PUT",
    ),
    Route("time.api/add", "Add", _WRITE_TIME, write(time_entries.time_add), "POST"),
    Route("time.api/update", "Update", _WRITE_TIME, write(time_entries.time_update), "PUT"),
    Route("time.api/delete/*", "Delete", _WRITE_TIME, write(time_entries.time_delete), "DELETE"),
)


class XpmRoutes:
    """The ASGI app under `/practicemanager/3.1/`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the endpoint and call it through the guard."""
        found = _routes(scope)
        chosen = next(((route, args) for route, args in found if route.verb == scope["method"]), None)
        if chosen is not None:
            route, args = chosen
            await GuardedEndpoint(self._world, route.allowed_by, self._answer(route, args))(scope, receive, send)
        elif found:
            allowed = ", ".join(sorted({route.verb for route, _ in found}))
            await PlainTextResponse("Method Not Allowed", 405, {"Allow": allowed})(scope, receive, send)
        else:
            await PlainTextResponse("Not Found", 404)(scope, receive, send)

    def _answer(self, route: Route, args: tuple[str, ...]) -> Callable[[Account, Request], Awaitable[Response]]:
        async def answer(account: Account, request: Request) -> Response:
            try:
                return route.answer(await self._received(route, args, account, request))
            except BadParameter as bad:
                return bad_request(route.api_method, str(bad))
            except OverlongBody:
                return PlainTextResponse("Content Too Large", 413)

        return answer

    async def _received(self, route: Route, args: tuple[str, ...], account: Account, request: Request) -> ReceivedCall:
        return ReceivedCall(
            account,
            route.api_method,
            args,
            query={name.lower(): value for name, value in request.query_params.items()},
            url=str(request.url.replace(query="")),
            fault=fault_of(request.scope),
            verb=route.verb,
            path=target_of(request.scope).path,
            journal=self._world.journal,
            body=await body_of(request) if route.verb != "GET" else b"",
        )


def _routes(scope: Scope) -> list[tuple[Route, tuple[str, ...]]]:
    """Match the raw path, so that an escaped slash stays inside its argument."""
    raw = scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    parts = [unquote(part) for part in raw[len(XPM_BASE) :].strip("/").split("/")]
    return [(route, args) for route in ROUTES if (args := route.match(parts)) is not None]
