"""The console's routes, and its error pages."""

import time
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from console import (
    apps,
    attention,
    consent,
    following,
    history,
    login,
    missing,
    news,
    practices,
    reconnect,
    settings,
    sync,
)
from console.api.app import create_api
from console.desk import HERE, Desk, notice
from console.gate import Need, at_once, closed_unless_gated, form_at, page_at
from console.guard import API_PATH, FIXED_HEADERS, ORDINARY_HEADERS, Guard, own_hosts
from console.runs import NotDeployed, Runs, RunsUnavailable, UnknownFlowRun
from console.throttle import Throttle
from xpm.access.audit import Action
from xpm.access.issuer import Issuers
from xpm.access.rights import Right
from xpm.installation import WrongSchema
from xpm.integration import Integration
from xpm.store.errors import DatabaseUnavailable, UnknownPractice
from xpm.words import message


class SlugConvertor(Convertor[str]):
    """Matches a practice's short name in an address."""

    regex = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}"

    def convert(self, value: str) -> str:
        """Read it from the address."""
        return value

    def to_string(self, value: str) -> str:
        """Write it into an address."""
        return value


class TokenConvertor(SlugConvertor):
    """Matches the token of a login link in an address."""

    regex = "[A-Za-z0-9_-]{20,100}"


register_url_convertor("slug", SlugConvertor())
register_url_convertor("token", TokenConvertor())


def create_app(
    integration: Integration,
    runs: Runs,
    sleep: Callable[[float], None] = time.sleep,
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """Make the console for an open installation. `sleep` is how a wake-up waits between its tries."""
    throttle = Throttle()
    api = Mount(f"{API_PATH}v1", create_api(integration, runs, throttle))
    app = Starlette(
        routes=[api, *closed_unless_gated([*ROUTES, *more])],
        middleware=[
            Middleware(
                Guard, console_url=integration.settings.xpm_console_url
            ),  # outside: every answer has its headers
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=own_hosts(integration.settings.xpm_console_url),
                www_redirect=False,
            ),
        ],
        exception_handlers={
            404: _not_found,
            405: _not_found,
            UnknownPractice: _not_found,
            UnknownFlowRun: _not_found,
            RunsUnavailable: _no_prefect,
            NotDeployed: _not_deployed,
            ClientDisconnect: _too_slow,
            DatabaseUnavailable: _no_database,
            WrongSchema: _other_version,
            500: _broken,
        },
    )
    app.state.desk = Desk(integration, runs)
    app.state.sleep = sleep
    app.state.issuers = Issuers(integration)
    app.state.throttle = throttle
    return app


async def health(_request: Request) -> Response:
    """`GET /health`: says that the console runs. It waits for nothing."""
    return PlainTextResponse("ok")


ROUTES: list[BaseRoute] = [
    at_once("/health", health),
    at_once("/login", login.show),
    form_at("/login", login.begin, Need.NOTHING, Action.LOGIN),
    page_at("/login/callback", login.finish, Need.NOTHING),
    at_once("/login/link/{token:token}", login.show_link),
    form_at("/login/link/{token:token}", login.use_link, Need.NOTHING, Action.LOGIN),
    form_at("/logout", login.log_out, Need.LOGIN, Action.LOGOUT),
    page_at("/account", login.show_account, Need.LOGIN),
    page_at("/", practices.show, Need.LOGIN),
    page_at("/practices/{slug:slug}", apps.show, Right.SEE),
    page_at("/practices/{slug:slug}/set-aside", apps.show_aside, Right.SEE_RECORDS),
    page_at("/practices/{slug:slug}/missing", missing.show, Right.SEE_RECORDS),
    form_at(
        "/practices/{slug:slug}/missing",
        missing.confirm,
        Right.ADMINISTER,
        Action.CONFIRM_MISSING,
        asks_prefect=True,
    ),
    page_at("/practices/{slug:slug}/attention", attention.show, Right.SEE_RECORDS),
    form_at("/practices/{slug:slug}/staff", attention.accept_staff, Right.ADMINISTER, Action.ACCEPT_STAFF),
    page_at("/practices/{slug:slug}/activity", history.show, Right.SEE),
    form_at("/practices/{slug:slug}/settings", settings.save, Right.ADMINISTER, Action.CHANGE_SETTINGS),
    form_at("/practices/{slug:slug}/news", news.save, Right.ADMINISTER, Action.CHANGE_NEWS),
    form_at("/practices/{slug:slug}/reconnect", reconnect.start, Right.ADMINISTER, Action.RECONNECT, asks_prefect=True),
    form_at("/practices/{slug:slug}/sync", sync.ask, Right.SYNC, Action.SYNC, asks_prefect=True),
    page_at("/runs/{run:uuid}", following.show, Right.SEE, asks_prefect=True),
    form_at("/runs/{run:uuid}/account", following.choose, Right.ADMINISTER, Action.CHOOSE_ACCOUNT, asks_prefect=True),
    form_at("/runs/{run:uuid}/name", following.confirm, Right.ADMINISTER, Action.CONFIRM_ACCOUNT, asks_prefect=True),
    page_at("/connect/{attempt:uuid}", consent.show, Right.ADMINISTER),
    form_at("/connect/{attempt:uuid}", consent.connect, Right.ADMINISTER, Action.OPEN_CONNECT_LINK),
    page_at(consent.CALLBACK_PATH, consent.receive, Need.NOTHING),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return notice(message("console.not_found"), status)


def _no_prefect(request: Request, error: Exception) -> Response:
    return notice(message("console.no_prefect"), 503, again=_again(request))


def _not_deployed(request: Request, error: Exception) -> Response:
    return notice(message("console.not_deployed", runbook=str(error)), 503, again=_again(request))


def _too_slow(request: Request, error: Exception) -> Response:
    return notice(message("console.too_slow"), 408)


def _no_database(request: Request, error: Exception) -> Response:
    return notice(message("console.no_database"), 503, again=_again(request))


def _other_version(request: Request, error: Exception) -> Response:
    return notice(message("console.other_version"), 503, again=_again(request))


def _broken(request: Request, error: Exception) -> Response:
    """Answer outside the guard, which is why this answer alone sets the guard's headers itself."""
    answer = notice(message("console.broken"), 500)
    answer.headers.update(FIXED_HEADERS | ORDINARY_HEADERS)
    return answer


def _again(request: Request) -> str | None:
    """Return where to try again: the same page, or the page of the practice whose form was sent."""
    slug = request.path_params.get("slug")
    if request.method == "GET" and request.url.path != consent.CALLBACK_PATH:
        return request.url.path
    return f"/practices/{slug}" if slug else None
