"""FYI's "XPM Integration" window: shows which syncs can be requested now, and requests them."""

from dataclasses import dataclass
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.desk import desk_of, notice, practice_of, text_of, to_run
from console.gate import caller_of
from console.joining import run_to_join
from console.throttle import Limit, throttle_of
from xpm.access.audit import Action
from xpm.access.rights import Caller
from xpm.activity.log import record
from xpm.consent.access import require_connected
from xpm.entities.gates import is_user, left_out_for, reason_to_skip
from xpm.entities.names import EVERYTHING, Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.quota.amounts import said_before, together
from xpm.quota.prediction import predict_all
from xpm.store import practices
from xpm.store.consent import consents
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import SyncMode, SyncTrigger, Topic
from xpm.words import Message, Stopped, message

ALL = "all"
"""The value of the button that requests every sync (FYI: "Running a Manual Sync with Xero Practice Manager")."""


@dataclass(frozen=True)
class Button:
    """One sync; `held_back` says why it cannot be requested, if so."""

    entity: Entity
    label: str
    held_back: Message | None


@dataclass(frozen=True)
class SyncWindow:
    """All buttons; `stopped` says why none of them can be used, such as no connection."""

    stopped: Message | None
    buttons: tuple[Button, ...]

    def refusal(self, asked: list[Entity]) -> Message | None:
        """Return why none of the requested entities can be synced, or None."""
        reasons = [button.held_back for button in self.buttons if button.entity in asked]
        return self.stopped or (next(iter(reasons), None) if all(reasons) else None)

    def included(self, asked: list[Entity]) -> list[Entity]:
        """Return which of the requested entities are synced. A run leaves out the others, and says why."""
        return [button.entity for button in self.buttons if button.entity in asked and button.held_back is None]


def buttons_of(
    integration: Integration, practice: Practice, settings: IntegrationSettings, caller: Caller
) -> SyncWindow:
    """Make the window for this practice as it is now, for whoever looks at it."""
    tax_source = integration.has_tax_source(practice.slug)
    with integration.database.read() as session:
        by_user = is_user(session, practice.slug, caller.named_in(practice.slug))
        granted = consents.granted_to(session, practice.slug)
    left_out = partial(
        reason_to_skip,
        trigger=SyncTrigger.MANUAL,
        practice=practice,
        settings=settings,
        granted=granted,
        tax_source=tax_source,
        by_user=by_user,
    )
    buttons = [
        Button(entity, DEFINITIONS[entity].button, left_out_for(entity, reason, practice.slug) if reason else None)
        for entity in EVERYTHING
        for reason in [left_out(entity)]
    ]
    return SyncWindow(_stopped(integration, practice), tuple(buttons))


def predictions(integration: Integration, slug: str, mode: SyncMode) -> list[Message]:
    """Say what each sync would ask of Xero, and what all of them together would."""
    rate = integration.settings.xero_calls_per_minute
    each = predict_all(integration, slug, EVERYTHING, mode)
    parts = {_named(entity, mode): predicted for entity, predicted in each.items()}
    if len(parts) > 1:
        parts = {"Sync all": together(parts.values())} | parts
    return [said_before(what, predicted, rate) for what, predicted in parts.items()]


def _named(entity: Entity, mode: SyncMode) -> str:
    definition = DEFINITIONS[entity]
    has_values = definition.counts_answers and mode is not SyncMode.LISTS
    values = " and the values of each client and job" if has_values else ""
    return f"{definition.button}{values}"


def ask(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/sync`: fields `entities` (or "all") and `mode`.

    Raises UnknownPractice, RunsUnavailable, NotDeployed.
    """
    desk = desk_of(request)
    integration, caller = desk.integration, caller_of(request)
    with integration.database.read() as session:
        practice = practice_of(request, session)
        settings = practices.settings_of(session, practice.slug)
    window = buttons_of(integration, practice, settings, caller)
    entities, mode = _asked(form), _mode(form)
    if not entities or mode is None:
        return notice(message("console.nothing_to_sync"), 400, practice=practice)
    if reason := window.refusal(entities):
        trail.tried(request, Action.SYNC, reason, practice=practice.slug)
        return notice(reason, 409, practice=practice)
    under_way = run_to_join(desk, practice, window.included(entities), mode)
    if not under_way and (
        refusal := throttle_of(request).costly(Limit.SYNC, request, caller, action=Action.SYNC, practice=practice.slug)
    ):
        return refusal
    person = caller.named_in(practice.slug)
    run_id = under_way or desk.runs.start_sync(practice.slug, entities, mode, person)
    named = ", ".join(entity.label.lower() for entity in window.included(entities))
    said = message("sync.joined" if under_way else "sync.requested", entities=named)
    with integration.database.write() as session:
        record(
            session,
            practice.slug,
            said,
            now=integration.clock(),
            topic=Topic.SYNC_REQUESTED,
            person=person,
            flow_run_id=str(run_id),
        )
        trail.done(request, session, Action.SYNC, practice=practice.slug, resource=f"run {run_id}: {named}")
    return to_run(run_id)


def _asked(form: FormData) -> list[Entity]:
    """Return the entities that the form names, in the article's order; none if any name is unknown."""
    named = {str(name) for name in form.getlist("entities")}
    if named == {ALL}:
        return [*EVERYTHING]
    return [entity for entity in EVERYTHING if entity in named] if named <= set(EVERYTHING) else []


def _mode(form: FormData) -> SyncMode | None:
    try:
        return SyncMode(text_of(form, "mode") or SyncMode.FULL)
    except ValueError:
        return None


def _stopped(integration: Integration, practice: Practice) -> Message | None:
    try:
        require_connected(integration, practice)
    except Stopped as stopped:
        return stopped.message
    return None
