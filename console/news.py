"""Who is told of troubles: saves which of the practice's people are told by email.

A webhook is set by operators alone (`fyi-xpm practice notify`), since the worker would open any address.
"""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import trail
from console.desk import desk_of, practice_of
from console.gate import caller_of
from xpm.access.audit import Action
from xpm.activity.receivers import choose, receivers
from xpm.store import people


def save(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/news`: a field `told` with the id of each person who is told. Raises UnknownPractice."""
    integration = desk_of(request).integration
    ticked = set(form.getlist("told"))
    with integration.database.write() as session:
        practice = practice_of(request, session)
        caller = caller_of(request).users[practice.slug]
        offered = [person for person in people.of(session, practice.slug) if person.is_active]
        wanted = {one.id: one.id in ticked for one in offered if one.gets_news is not (one.id in ticked)}
        before = ", ".join(receivers(session, practice.slug))
        if wanted:
            choose(session, integration, practice.slug, wanted, by=caller.name, person=caller.email)
            after = {"told": ", ".join(receivers(session, practice.slug))}
            trail.done(
                request, session, Action.CHANGE_NEWS, practice=practice.slug, before={"told": before}, after=after
            )
    return RedirectResponse(f"/practices/{practice.slug}#news", 303)
