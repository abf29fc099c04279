"""Starts the reconnect for whoever is logged in, after the support article's question: is this a long-term user?"""

from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.desk import Desk, desk_of, practice_of, text_of
from console.following import to_run
from console.gate import caller_of
from console.runs import UnknownFlowRun
from console.throttle import Limit, throttle_of
from xpm.access.audit import Action
from xpm.activity.log import record
from xpm.store import activity
from xpm.store.tables import FyiUser, Practice
from xpm.store.vocabulary import Topic
from xpm.words import message


def start(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/reconnect`: fields `long_term_user` and `another_account` (ticked boxes).

    A reconnect of this practice that is under way is joined. The runbook itself checks the person, so that a refusal is
    logged to Practice Activity. Raises UnknownPractice, RunsUnavailable, NotDeployed.
    """
    desk, caller = desk_of(request), caller_of(request)
    with desk.integration.database.read() as session:
        practice = practice_of(request, session)
        before = activity.latest(session, practice.slug, Topic.RECONNECT_REQUESTED)
    previous = before.flow_run_id if before else None
    if previous and is_under_way(desk, previous):
        return to_run(UUID(previous))
    if refusal := throttle_of(request).costly(
        Limit.RECONNECT, request, caller, action=Action.RECONNECT, practice=practice.slug
    ):
        return refusal
    run_id = desk.runs.start_reconnect(
        practice.slug,
        caller.users[practice.slug].email,
        long_term_user=text_of(form, "long_term_user") != "",
        another_account=text_of(form, "another_account") != "",
        after=previous,
    )
    _note(request, practice, caller.users[practice.slug], run_id)
    return to_run(run_id)


def is_under_way(desk: Desk, flow_run_id: str) -> bool:
    """Whether a reconnect that was requested here is not over. Raises RunsUnavailable."""
    try:
        run = desk.runs.read(UUID(flow_run_id))
    except UnknownFlowRun:
        return False
    return not (run.stage.is_over or run.is_cancelling)


def _note(request: Request, practice: Practice, person: FyiUser, run_id: UUID) -> None:
    said, integration = message("reconnect.requested", person=person.name), desk_of(request).integration
    with integration.database.write() as session:
        record(
            session,
            practice.slug,
            said,
            now=integration.clock(),
            topic=Topic.RECONNECT_REQUESTED,
            person=person.email,
            flow_run_id=str(run_id),
        )
        trail.done(request, session, Action.RECONNECT, practice=practice.slug, resource=f"run {run_id}")
