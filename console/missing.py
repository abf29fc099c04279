"""Records that a sync found suddenly missing: what they are, and the confirmation that they were removed in XPM."""

from dataclasses import dataclass

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.desk import desk_of, notice, page, practice_of, text_of, to_run
from console.gate import caller_of
from console.throttle import Limit, throttle_of
from xpm.access.audit import Action
from xpm.access.rights import Right
from xpm.activity.log import record
from xpm.entities.names import Entity
from xpm.entities.registry import KINDS
from xpm.store.consent import connections
from xpm.store.pull import missing
from xpm.store.pull.missing import Missing
from xpm.store.records.rows import Scope
from xpm.store.tables import Practice
from xpm.store.vocabulary import SyncMode, Topic
from xpm.words import Message, message

FEW = 500  # records shown


@dataclass(frozen=True)
class Doubt:
    """What a person can confirm: how many records of a kind are missing, by which run."""

    entity: Entity
    what: str
    count: int
    run_id: str
    listed: int | None
    is_of_former_account: bool

    @property
    def said(self) -> Message:
        """Say what to do about it, with the count of the list that Xero sent, if the run read a whole one."""
        listed = "not counted" if self.listed is None else f"{self.listed:,}"
        key = "console.missing_after_move" if self.is_of_former_account else "console.missing"
        return message(key, count=self.count, what=self.what, listed=listed)


def doubts(session: Session, practice: str) -> list[Doubt]:
    """List what is suddenly missing in the practice's account, and waits for a person."""
    return [_doubt(one) for one in _missing(session, practice)]


def show(request: Request) -> Response:
    """`GET /practices/{slug}/missing?entity=…`: the missing records by name. Raises UnknownPractice."""
    with desk_of(request).integration.database.read() as session:
        practice = practice_of(request, session)
        found = _of_entity(session, practice, request.query_params.get("entity", ""))
        if found is None:
            return notice(message("console.none_missing"), 200, practice=practice)
        tenant_id = found.run.tenant_id
        records = missing.named(session, Scope(practice.slug, tenant_id), found, FEW)
    administers = caller_of(request).may(Right.ADMINISTER, practice.slug)
    shown = {"practice": practice, "doubt": _doubt(found), "records": records, "administers": administers}
    return page("missing.html", shown)


def confirm(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/missing`: sync `entity` again, and archive as many as the page showed (`count`).

    Raises UnknownPractice, RunsUnavailable, NotDeployed.
    """
    desk, caller = desk_of(request), caller_of(request)
    with desk.integration.database.read() as session:
        practice = practice_of(request, session)
        found = _of_entity(session, practice, text_of(form, "entity"))
    doubt = _doubt(found) if found else None
    if doubt is None or text_of(form, "count") != str(doubt.count):
        return notice(message("console.none_missing"), 409, practice=practice)
    if refusal := throttle_of(request).costly(
        Limit.SYNC, request, caller, action=Action.CONFIRM_MISSING, practice=practice.slug
    ):
        return refusal
    user = caller.users[practice.slug]
    run_id = desk.runs.start_sync(practice.slug, [doubt.entity], SyncMode.FULL, user.email, confirm_missing=doubt.count)
    said = message("sync.missing_confirmed", person=user.name, count=doubt.count, what=doubt.what.lower())
    with desk.integration.database.write() as session:
        record(
            session,
            practice.slug,
            said,
            now=desk.integration.clock(),
            topic=Topic.SYNC_REQUESTED,
            person=user.email,
            flow_run_id=str(run_id),
        )
        resource = f"run {run_id}: {doubt.count} {doubt.what.lower()}"
        trail.done(request, session, Action.CONFIRM_MISSING, practice=practice.slug, resource=resource)
    return to_run(run_id)


def _missing(session: Session, practice: str) -> list[Missing]:
    tenant_id = connections.get(session, practice).tenant_id
    return missing.find(session, Scope(practice, tenant_id)) if tenant_id else []


def _of_entity(session: Session, practice: Practice, entity: str) -> Missing | None:
    return next((one for one in _missing(session, practice.slug) if one.run.entity == entity), None)


def _doubt(found: Missing) -> Doubt:
    run, what = found.run, KINDS[found.table].label
    return Doubt(Entity(run.entity), what, len(found.keys), run.id, run.source_count, found.is_of_former_account)
