"""What every page works with, and how a page is made: the opened installation, the runs, the templates."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.runs import Runs
from xpm.consent.eligibility import Obstacle, obstacles
from xpm.integration import Integration
from xpm.store import people, practices
from xpm.store.tables import FyiUser, Practice
from xpm.words import Message, message

HERE = Path(__file__).parent

TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Desk:
    """The parts that the pages share."""

    integration: Integration
    runs: Runs


Handler = Callable[[Request, FormData], Response]


def desk_of(request: Request) -> Desk:
    """The parts this app was made with."""
    desk: Desk = request.app.state.desk
    return desk


def page(name: str, shown: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """A page from its template."""
    return HTMLResponse(TEMPLATES.get_template(name).render(shown), status)


def notice(said: Message, status: int, **links: object) -> HTMLResponse:
    """A page that says one thing. `practice`, `run` and `again`: where to go from there."""
    return page("notice.html", {"said": said, "practice": None, "run": None, "again": None} | links, status)


def posted(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a form: the form is read here, the work is done in a thread."""

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=100) as form:
            return await run_in_threadpool(handler, request, form)

    return endpoint


def practice_of(request: Request, session: Session) -> Practice:
    """The practice that the address names. Raises UnknownPractice."""
    return practices.get(session, request.path_params["slug"])


def text_of(form: FormData, name: str) -> str:
    """One field of a form, empty when it is missing."""
    value = form.get(name, "")
    return as_typed(value) if isinstance(value, str) else ""


def as_typed(text: str) -> str:
    """What a person typed: without white space around it, and without what nobody types and PostgreSQL refuses."""
    return text.replace("\0", "").strip()


def posted_person(integration: Integration, session: Session, practice: Practice, form: FormData) -> FyiUser | None:
    """Who a form says it is from: somebody active in the practice, or nobody."""
    person = people.by_email(session, practice.slug, text_of(form, "person"))
    if person is None or Obstacle.INACTIVE in obstacles(person, integration.today(practice)):
        return None
    return person


def local_time(moment: datetime | None, zone: str) -> str:
    """A moment on a practice's own clock, such as `2 Mar 2026, 09:30`."""
    if moment is None:
        return "\N{EN DASH}"
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def tone_of(word: str) -> str:
    """The colour of a state or status: good, wait, warn, bad or quiet."""
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
    "skipped": "quiet",
    "connected": "good",
    "authorising": "wait",
    "choosing_practice": "wait",
    "needs_reconnect": "warn",
    "disconnected": "bad",
    "privilege_lost": "warn",
    "not_connected": "quiet",
}

TEMPLATES.globals.update(say=message)
TEMPLATES.filters.update(local=local_time, tone=tone_of, words=lambda word: str(word).replace("_", " ").capitalize())
