"""Things to look at: the whole list for each reason, and what can be done about it from the page."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import trail
from console.desk import desk_of, notice, page, practice_of, text_of
from console.gate import caller_of
from xpm.access.audit import Action
from xpm.access.rights import Right
from xpm.activity.acceptance import accept
from xpm.activity.attention import Finding, look, look_at
from xpm.integration import Integration
from xpm.store.attention import QUERIES
from xpm.words import Stopped, message

A_PAGE = 100  # records

LEADS_TO: Mapping[str, tuple[str, str]] = {
    "jobs_without_client": ("Go to Include Archived Clients", "#settings"),
    "set_aside": ("See why they could not be read", "/set-aside"),
}
"""Where on the practice's page, or on which page, people act."""


def findings(integration: Integration, slug: str) -> list[Finding]:
    """Find everything to look at, with what to do about it on the page."""
    return [_as_shown(finding) for finding in look(integration, slug)]


def show(request: Request) -> Response:
    """`GET /practices/{slug}/attention`: all records of one `reason`, from the `from`th. Raises UnknownPractice."""
    integration = desk_of(request).integration
    with integration.database.read() as session:
        practice = practice_of(request, session)
    reason, first = request.query_params.get("reason", next(iter(QUERIES))), request.query_params.get("from", "0")
    if reason not in QUERIES:
        raise HTTPException(404)
    skip = int(first) if first.isascii() and first.isdecimal() and len(first) < len(str(2**31)) else 0
    finding = look_at(integration, practice.slug, reason, limit=A_PAGE, skip=skip)
    if finding is None:
        return notice(message("attention.nothing"), 200, practice=practice)
    shown = {"finding": _as_shown(finding), "skip": skip, "a_page": A_PAGE, "leads_to": LEADS_TO}
    administers = caller_of(request).may(Right.ADMINISTER, practice.slug)
    return page("attention.html", shown | {"practice": practice, "administers": administers})


def accept_staff(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/staff`: make the staff member with this `key` active in FYI. Raises UnknownPractice."""
    integration, key = desk_of(request).integration, text_of(form, "key")
    with integration.database.read() as session:
        practice = practice_of(request, session)
    try:
        accept(integration, practice.slug, key, caller_of(request).users[practice.slug].email)
    except Stopped as stopped:
        trail.tried(request, Action.ACCEPT_STAFF, stopped.message, practice=practice.slug, resource=key)
        return notice(message("console.staff_unknown"), 409, practice=practice)
    trail.noted(request, Action.ACCEPT_STAFF, practice=practice.slug, resource=key)
    return RedirectResponse(f"/practices/{practice.slug}#attention", 303)


def _as_shown(finding: Finding) -> Finding:
    """Say what to do on the page, where the reason's own sentence names a command."""
    here = {"jobs_without_client": message("console.clients_here"), "staff_waiting": message("console.accept_here")}
    if finding.reason not in here:
        return finding
    said = finding.message.model_copy(update={"next": here[finding.reason].title})
    return Finding(finding.reason, said, finding.found)
