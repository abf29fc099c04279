"""What every page works with: the open installation, the runs, and the templates."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from console.runs import Runs
from xpm.access.rights import Caller
from xpm.integration import Integration
from xpm.store import practices
from xpm.store.tables import Practice
from xpm.words import Message, message

HERE = Path(__file__).parent

TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Who sends the request under way, for the top of every page."""


@dataclass(frozen=True)
class Desk:
    """What the pages share."""

    integration: Integration
    runs: Runs


def desk_of(request: Request) -> Desk:
    """Return what this app's pages share."""
    desk: Desk = request.app.state.desk
    return desk


def page(name: str, shown: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """Render a page from its template."""
    return HTMLResponse(TEMPLATES.get_template(name).render(shown), status)


def notice(said: Message, status: int, **links: object) -> HTMLResponse:
    """Render a page with one message. `practice`, `run` and `again` say where to go from there."""
    return page("notice.html", {"said": said, "practice": None, "run": None, "again": None} | links, status)


def to_run(run_id: UUID) -> RedirectResponse:
    """Redirect to the page of a run."""
    return RedirectResponse(f"/runs/{run_id}", 303)


def practice_of(request: Request, session: Session) -> Practice:
    """Return the practice that the address names. Raises UnknownPractice."""
    return practices.get(session, request.path_params["slug"])


def text_of(form: FormData, name: str) -> str:
    """Return one field of a form, empty if it is missing."""
    value = form.get(name, "")
    return as_typed(value) if isinstance(value, str) else ""


def as_typed(text: str) -> str:
    """Clean what a person typed: no surrounding white space, and no NUL, which PostgreSQL refuses."""
    return text.replace("\0", "").strip()


def local_time(moment: datetime | None, zone: str) -> str:
    """Write a time in a practice's time zone, such as `2 Mar 2026, 09:30`."""
    if moment is None:
        return "\N{EN DASH}"
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def tone_of(word: str) -> str:
    """Return the colour of a state or status: good, wait, warn, bad, note or quiet."""
    return TONES.get(word, "quiet")


TONES = {
    "Success": "good",
    "Failure": "bad",
    "In Progress": "wait",
    "Action Required": "warn",
    "Alert": "note",
    "success": "good",
    "failure": "bad",
    "action_required": "warn",
    "running": "wait",
    "waiting": "wait",
    "parked": "wait",
    "skipped": "quiet",
    "connected": "good",
    "authorising": "wait",
    "choosing_practice": "wait",
    "needs_reconnect": "warn",
    "disconnected": "bad",
    "privilege_lost": "warn",
    "not_connected": "quiet",
}

TEMPLATES.globals.update(say=message, me=CALLER.get)
TEMPLATES.filters.update(local=local_time, tone=tone_of, words=lambda word: str(word).replace("_", " ").capitalize())
