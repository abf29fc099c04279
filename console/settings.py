"""Xero Practice Manager Settings: saves the switches that a person changed, and logs each to Practice Activity.

The form sends each switch as it was shown, too. A page that was opened earlier so undoes nothing that somebody else
has changed since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import trail
from console.desk import desk_of, notice, page, practice_of, text_of
from console.gate import caller_of
from xpm.access.audit import Action
from xpm.activity.log import record
from xpm.push.switching import check_switches
from xpm.store import people, practices
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.tables import IntegrationSettings, Practice
from xpm.words import Stopped, message

WAS = "was_"
"""Begins the name of the hidden field that says how the page showed a switch: "on" or "off"."""
LABELS = {
    "maintain_jobs": "Maintain Jobs in FYI",
    "sync_custom_fields": "Sync Custom Fields From XPM",
    "include_archived_clients": "Include Archived Clients",
    "import_tax_assessments": "Import tax assessments",
}
"""FYI's names of the switches in use, and our own for archived clients. *Maintain Invoices in FYI* is for a future
update and cannot be changed."""


def save(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/settings`: for each switch whether it is ticked, and `was_…`, how the page showed it.

    If others were changed meanwhile, those stay, and the answer says so. Raises UnknownPractice.
    """
    integration = desk_of(request).integration
    now = integration.clock()
    with integration.database.write() as session:
        practice = practice_of(request, session)
        person = caller_of(request).users[practice.slug]
        settings = practices.settings_of(session, practice.slug)
        shown = _shown(form, practice, settings)
        changes = _changes(form, shown, settings)
        meanwhile = _changed_meanwhile(session, practice, settings, shown)
        try:
            warned = check_switches(session, practice.slug, changes)
        except Stopped as stopped:
            return notice(stopped.message, 409, practice=practice)
        before = {switch: not on for switch, on in changes.items()}
        practices.change_settings(session, practice.slug, changes, person=person.email, now=now)
        for switch, on in changes.items():
            value = "On" if on else "Off"
            said = message("settings.changed", person=person.name, setting=LABELS[switch], value=value)
            record(session, practice.slug, said, now=now, person=person.email)
        if warned:
            record(session, practice.slug, warned, now=now, person=person.email)
        if changes:
            trail.done(request, session, Action.CHANGE_SETTINGS, practice=practice.slug, before=before, after=changes)
    if warned:
        return notice(warned, 200, practice=practice)
    if meanwhile:
        return page("meanwhile.html", {"practice": practice, "meanwhile": meanwhile, "changes": _named(changes)})
    return RedirectResponse(f"/practices/{practice.slug}#settings", 303)


@dataclass(frozen=True)
class Meanwhile:
    """Switches that somebody else changed while a page was open, as they are now; who changed any last, and when."""

    switches: Mapping[str, bool]
    by: str
    at: datetime


def _shown(form: FormData, practice: Practice, current: IntegrationSettings) -> dict[str, bool]:
    """Return the switches on offer as the page showed them. A form that does not say so is taken to know them."""
    offered = LABELS if practice.country in TAX_COUNTRIES else LABELS.keys() - {"import_tax_assessments"}
    said = {switch: text_of(form, WAS + switch) for switch in LABELS if switch in offered}
    return {switch: was == "on" if was else getattr(current, switch) for switch, was in said.items()}


def _changes(form: FormData, shown: Mapping[str, bool], current: IntegrationSettings) -> dict[str, bool]:
    """Return what the person changed, unless it has become so already."""
    wanted = {switch: text_of(form, switch) != "" for switch in shown}
    return {switch: on for switch, on in wanted.items() if on != shown[switch] and on != getattr(current, switch)}


def _changed_meanwhile(
    session: Session, practice: Practice, current: IntegrationSettings, shown: Mapping[str, bool]
) -> Meanwhile | None:
    """Return what is no longer as the page showed it. Call it before changing anything."""
    switches = {switch: on for switch, was in shown.items() if (on := getattr(current, switch)) != was}
    if not switches:
        return None
    changed_by = people.by_email(session, practice.slug, current.updated_by) if current.updated_by else None
    return Meanwhile(_named(switches), changed_by.name if changed_by else current.updated_by or "", current.updated_at)


def _named(switches: Mapping[str, bool]) -> dict[str, bool]:
    return {LABELS[switch]: on for switch, on in switches.items()}
