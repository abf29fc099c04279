"""Lets each request through to its page only if whoever sends it may.

Every route says what it needs: nothing, a login, or a right in the practice that its address names. A route that does
not say so is answered as if it did not exist. To people without a practice, the practice does not exist either.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from console import cookies, trail
from console.desk import CALLER, desk_of, notice
from console.runs import FlowRunSeen, UnknownFlowRun
from console.throttle import throttle_of
from xpm.access import session
from xpm.access.audit import Action
from xpm.access.rights import Caller, Right
from xpm.store import practices
from xpm.store.consent import attempts
from xpm.store.errors import UnknownAttempt, UnknownPractice
from xpm.words import Message, message

Page = Callable[[Request], Response]
FormPage = Callable[[Request, FormData], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

WAITING_FOR_PREFECT = CapacityLimiter(20)
"""Threads for pages that ask Prefect, which may not answer for a while. All other pages have threads of their own."""


class Need(StrEnum):
    """What a route needs that is no right in a practice."""

    NOTHING = "nothing"
    LOGIN = "login"


class GatedRoute(Route):
    """A route that says what it needs."""

    def __init__(
        self, path: str, endpoint: Endpoint, needs: Need | Right, methods: Sequence[str], action: Action | None = None
    ) -> None:
        super().__init__(path, endpoint, methods=list(methods))
        self.needs = needs
        self.action = action


def at_once(path: str, page: Endpoint) -> GatedRoute:
    """A page for everybody that waits for nothing, so that it answers however busy the others are."""
    return GatedRoute(path, page, Need.NOTHING, ["GET"])


def page_at(path: str, page: Page, needs: Need | Right, *, asks_prefect: bool = False) -> GatedRoute:
    """A page to look at."""
    limiter = WAITING_FOR_PREFECT if asks_prefect else None

    async def endpoint(request: Request) -> Response:
        admitted = partial(_admit, request, needs, Action.OPEN_PAGE, lambda: page(request))
        return await to_thread.run_sync(admitted, limiter=limiter)

    return GatedRoute(path, endpoint, needs, ["GET"])


def form_at(
    path: str, page: FormPage, needs: Need | Right, action: Action, *, asks_prefect: bool = False
) -> GatedRoute:
    """A form that is sent. It is read before a thread is taken, so that a slow sender holds none.

    `action`: what the audit trail calls it. The gate writes there who was not let in; the page writes what was done.
    """
    limiter = WAITING_FOR_PREFECT if asks_prefect else None

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=100) as form:
            admitted = partial(_admit, request, needs, action, lambda: page(request, form))
            return await to_thread.run_sync(admitted, limiter=limiter)

    return GatedRoute(path, endpoint, needs, ["POST"], action)


def closed_unless_gated(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Replace every route that does not say what it needs by one that finds nothing."""
    return [one if isinstance(one, GatedRoute | Mount) else _shut(one) for one in routes]


def caller_of(request: Request) -> Caller:
    """Return who sends a request that needs a login."""
    caller: Caller = request.state.caller
    return caller


def practice_named_by(request: Request) -> str | None:
    """Return the short name of the practice that the address names, by itself or by a run or a link of it."""
    named: str | None = request.state.practice
    return named


def run_of(request: Request) -> FlowRunSeen:
    """Return the run that the address names, as the gate has read it."""
    run: FlowRunSeen = request.state.run
    return run


def _admit(request: Request, needs: Need | Right, action: Action, page: Callable[[], Response]) -> Response:
    """Find out who sends the request, and answer it if they may.

    Nobody may once another version of the code has migrated the database under the running console. If that happens
    while the page works, what it was writing is rolled back, and the answer says so too.

    Raises:
        WrongSchema, RunsUnavailable, and what the page raises.
    """
    integration = desk_of(request).integration
    integration.require_schema()
    try:
        return _answered(request, needs, action, page)
    except DBAPIError:
        integration.require_schema()
        raise


def _answered(request: Request, needs: Need | Right, action: Action, page: Callable[[], Response]) -> Response:
    token = cookies.token_in(request)
    caller = session.find(desk_of(request).integration, token) if token else None
    request.state.caller, request.state.practice = caller, request.path_params.get("slug")
    CALLER.set(caller)
    if needs is Need.NOTHING:
        return page()
    if caller is None:
        return _to_login(request, action)
    if isinstance(needs, Right) and (refusal := _refusal(request, caller, needs)):
        if too_often := throttle_of(request).refused(request, caller):
            return too_often
        said, status = refusal
        trail.tried(request, action, said, practice=request.state.practice, resource=trail.named_by(request))
        return notice(said, status)
    return page()


def _to_login(request: Request, action: Action) -> Response:
    if request.method != "POST":
        there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{cookies.LOGIN_PATH}?onward={quote(there, safe='')}", 303)
    if too_often := throttle_of(request).stranger(request):  # strangers fill neither the trail nor the disk
        return too_often
    said = message("login.needed")
    trail.tried(request, action, said, practice=request.path_params.get("slug"), resource=trail.named_by(request))
    return notice(said, 401)


def _refusal(request: Request, caller: Caller, needs: Right) -> tuple[Message, int] | None:
    try:
        practice = request.state.practice = _practice_named_by(request)
    except (UnknownPractice, UnknownFlowRun):
        practice = None
    rights = caller.rights_in(practice) if practice else frozenset()
    if not rights:  # the same answer whether there is no such practice or it is somebody else's
        return message("console.not_found"), 404
    return None if needs in rights else (message(f"access.needs_{needs}"), 403)


def _practice_named_by(request: Request) -> str:
    """Return the practice's short name. Raises UnknownPractice, UnknownFlowRun, RunsUnavailable."""
    desk, named = desk_of(request), request.path_params
    if "run" in named:
        request.state.run = desk.runs.read(named["run"])
        return str(request.state.run.practice)
    with desk.integration.database.read() as opened:
        if "attempt" in named:
            try:
                return attempts.get(opened, str(named["attempt"])).practice
            except UnknownAttempt:
                raise UnknownPractice(named["attempt"]) from None
        return practices.get(opened, named["slug"]).slug


def _shut(route: BaseRoute) -> Route:
    if not isinstance(route, Route):
        raise TypeError(f"{route!r} is no route of ours, and cannot be closed.")
    return Route(route.path, _nothing, methods=sorted(route.methods or {"GET"}))


async def _nothing(_request: Request) -> Response:
    return notice(message("console.not_found"), 404)
