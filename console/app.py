"""The console's routes, and its error pages."""

import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console import apps, consent, following, history, practices, reconnect, settings, sync
from console.desk import HERE, Desk, notice, posted
from console.guard import FIXED_HEADERS, ORDINARY_HEADERS, Guard, own_hosts
from console.runs import NotDeployed, Runs, RunsUnavailable, UnknownFlowRun
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


register_url_convertor("slug", SlugConvertor())


def create_app(integration: Integration, runs: Runs, sleep: Callable[[float], None] = time.sleep) -> Starlette:
    """Make the console for an open installation. `sleep` is how a wake-up waits between its tries."""
    app = Starlette(
        routes=ROUTES,
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
            DatabaseUnavailable: _no_database,
            500: _broken,
        },
    )
    app.state.desk = Desk(integration, runs)
    app.state.sleep = sleep
    return app


def health(request: Request) -> Response:
    """`GET /health`."""
    return PlainTextResponse("ok")


ROUTES = [
    Route("/", practices.show),
    Route("/health", health),
    Route("/practices/{slug:slug}", apps.show),
    Route("/practices/{slug:slug}/set-aside", apps.show_aside),
    Route("/practices/{slug:slug}/activity", history.show),
    Route("/practices/{slug:slug}/settings", posted(settings.save), methods=["POST"]),
    Route("/practices/{slug:slug}/reconnect", posted(reconnect.start), methods=["POST"]),
    Route("/practices/{slug:slug}/sync", posted(sync.ask), methods=["POST"]),
    Route("/runs/{run:uuid}", following.show),
    Route("/runs/{run:uuid}/account", posted(following.choose), methods=["POST"]),
    Route("/runs/{run:uuid}/name", posted(following.confirm), methods=["POST"]),
    Route("/connect/{attempt:uuid}", consent.connect),
    Route(consent.CALLBACK_PATH, consent.receive),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return notice(message("console.not_found"), status)


def _no_prefect(request: Request, error: Exception) -> Response:
    return notice(message("console.no_prefect"), 503, again=_again(request))


def _not_deployed(request: Request, error: Exception) -> Response:
    return notice(message("console.not_deployed", runbook=str(error)), 503, again=_again(request))


def _no_database(request: Request, error: Exception) -> Response:
    return notice(message("console.no_database"), 503, again=_again(request))


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
