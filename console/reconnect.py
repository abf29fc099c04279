"""Starts the reconnect for whoever is logged in, after the support article's question: is this a long-term user?"""

from uuid import UUID

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.desk import Desk, desk_of, page, practice_of, text_of, to_run
from console.gate import caller_of
from console.runs import UnknownFlowRun
from console.throttle import Limit, throttle_of
from xpm.access.audit import Action
from xpm.activity.log import record
from xpm.consent.superseding import supersede
from xpm.consent.under_way import UnderWay, under_way_of
from xpm.store import activity, people
from xpm.store.tables import FyiUser, Practice
from xpm.store.vocabulary import Topic
from xpm.words import message


def start(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/reconnect`: fields `long_term_user`, `another_account` (ticked boxes), `take_over`.

    The person's own reconnect that is under way is joined. Another person's goes on, unless `take_over` names its run:
    that one is given up at once, not only when the new run's program begins.
    The runbook itself checks the person, so that a refusal is logged to Practice Activity. Raises UnknownPractice,
    RunsUnavailable, NotDeployed.
    """
    desk, caller = desk_of(request), caller_of(request)
    with desk.integration.database.read() as session:
        practice = practice_of(request, session)
        before = activity.latest(session, practice.slug, Topic.RECONNECT_REQUESTED)
        under_way = _under_way(desk, session, practice)
    me = caller.users[practice.slug].email
    if under_way and under_way.email == me:
        return to_run(under_way.run)
    if under_way and text_of(form, "take_over") != str(under_way.run):
        shown = {"practice": practice, "other": under_way, "another_account": text_of(form, "another_account") != ""}
        return page("take_over.html", shown, 409)
    if refusal := throttle_of(request).costly(
        Limit.RECONNECT, request, caller, action=Action.RECONNECT, practice=practice.slug
    ):
        return refusal
    run_id = desk.runs.start_reconnect(
        practice.slug,
        me,
        long_term_user=text_of(form, "long_term_user") != "",
        another_account=text_of(form, "another_account") != "",
        after=str(under_way.run) if under_way else before.flow_run_id if before else None,
    )
    _note(request, practice, caller.users[practice.slug], run_id, under_way)
    return to_run(run_id)


def _under_way(desk: Desk, session: Session, practice: Practice) -> UnderWay | None:
    """Find the reconnect that is under way, wherever it was started, or one just requested. Raises RunsUnavailable."""
    begun = under_way_of(session, practice.slug)
    if begun and is_under_way(desk, begun.run):
        return begun
    asked = activity.latest(session, practice.slug, Topic.RECONNECT_REQUESTED)
    if asked is None or asked.flow_run_id is None or not is_under_way(desk, UUID(asked.flow_run_id)):
        return None
    person = people.by_email(session, practice.slug, asked.person or "")
    name = person.name if person else asked.person or ""
    return UnderWay(UUID(asked.flow_run_id), asked.person or "", name, asked.at)


def is_under_way(desk: Desk, run_id: UUID) -> bool:
    """Whether Prefect has not ended a reconnect. Raises RunsUnavailable."""
    try:
        run = desk.runs.read(run_id)
    except UnknownFlowRun:
        return False
    return not (run.stage.is_over or run.is_cancelling)


def _note(request: Request, practice: Practice, person: FyiUser, run_id: UUID, older: UnderWay | None) -> None:
    """Note that a person asked for a reconnect, and give up the `older` one that they take over from."""
    said, integration = message("reconnect.requested", person=person.name), desk_of(request).integration
    now = integration.clock()
    with integration.database.write() as session:
        if older:
            asked_by = people.by_email(session, practice.slug, older.email)
            supersede(
                session,
                practice.slug,
                str(older.run),
                person=person.name,
                run=str(run_id),
                now=now,
                asked_by=asked_by.id if asked_by else None,
            )
        record(
            session,
            practice.slug,
            said,
            now=now,
            topic=Topic.RECONNECT_REQUESTED,
            person=person.email,
            flow_run_id=str(run_id),
        )
        trail.done(request, session, Action.RECONNECT, practice=practice.slug, resource=f"run {run_id}")
