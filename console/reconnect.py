"""Starts the reconnect, after the support article's two questions: who does it, and is that person a long-term user?"""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console.desk import desk_of, notice, practice_of, text_of
from console.following import to_run
from xpm.words import message


def start(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/reconnect`: fields `admin_email`, `long_term_user` and `another_account` (ticked boxes).

    The runbook itself checks the person, so that a refusal is logged to Practice Activity.
    Raises UnknownPractice, RunsUnavailable, NotDeployed.
    """
    desk = desk_of(request)
    with desk.integration.database.read() as session:
        practice = practice_of(request, session)
    email = text_of(form, "admin_email")
    if not email:
        return notice(message("console.person_missing"), 400, practice=practice)
    stays = text_of(form, "long_term_user") != ""
    moved = text_of(form, "another_account") != ""
    return to_run(desk.runs.start_reconnect(practice.slug, email, long_term_user=stays, another_account=moved))
