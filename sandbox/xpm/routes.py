"""The routes of the XPM API. Like XPM's, they ignore case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.accounts.account import Account
from sandbox.areas import XPM_BASE
from sandbox.faults import fault_of
from sandbox.identity.scopes import XPM_BROAD
from sandbox.world import World
from sandbox.xpm import catalogues, clients, jobs
from sandbox.xpm.call import BadParameter, ReceivedCall
from sandbox.xpm.envelope import bad_request
from sandbox.xpm.guarded_endpoint import GuardedEndpoint


def _with(area: str) -> frozenset[str]:
    return XPM_BROAD | {f"practicemanager.{area}", f"practicemanager.{area}.read"}


_CLIENTS, _JOBS, _STAFF, _BROAD = _with("client"), _with("job"), _with("staff"), XPM_BROAD
"""Xero documents no granular scope for categories, templates and definitions; only the broad scopes permit those."""


@dataclass(frozen=True)
class Route:
    """One endpoint. Each `*` in its path is an argument."""

    path: str
    api_method: str
    allowed_by: frozenset[str]
    answer: Callable[[ReceivedCall], Response]

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
)


class XpmRoutes:
    """The ASGI app under `/practicemanager/3.1/`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the endpoint and call it through the guard."""
        found = _route(scope)
        if found is None:
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        elif scope["method"] != "GET":
            await PlainTextResponse("Method Not Allowed", 405, {"Allow": "GET"})(scope, receive, send)
        else:
            route, args = found
            await GuardedEndpoint(self._world, route.allowed_by, _answer(route, args))(scope, receive, send)


def _answer(route: Route, args: tuple[str, ...]) -> Callable[[Account, Request], Response]:
    def answer(account: Account, request: Request) -> Response:
        query = {name.lower(): value for name, value in request.query_params.items()}
        url = str(request.url.replace(query=""))
        call = ReceivedCall(account, route.api_method, args, query, url, fault_of(request.scope))
        try:
            return route.answer(call)
        except BadParameter as bad:
            return bad_request(route.api_method, str(bad))

    return answer


def _route(scope: Scope) -> tuple[Route, tuple[str, ...]] | None:
    """Match the raw path, so that an escaped slash stays inside its argument."""
    raw = scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    parts = [unquote(part) for part in raw[len(XPM_BASE) :].strip("/").split("/")]
    for route in ROUTES:
        args = route.match(parts)
        if args is not None:
            return route, args
    return None
