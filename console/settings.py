"""Xero Practice Manager Settings: saves the switches, and logs each change to Practice Activity."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import trail
from console.desk import desk_of, practice_of, text_of
from console.gate import caller_of
from xpm.access.audit import Action
from xpm.activity.log import record
from xpm.store import practices
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.tables import IntegrationSettings, Practice
from xpm.words import message

LABELS = {
    "maintain_jobs": "Maintain Jobs in FYI",
    "sync_custom_fields": "Sync Custom Fields From XPM",
    "include_archived_clients": "Include Archived Clients",
    "import_tax_assessments": "Import tax assessments",
}
"""FYI's names of the switches in use, and our own for archived clients. *Maintain Invoices in FYI* is for a future
update and cannot be changed."""


def save(request: Request, form: FormData) -> Response:
    """`POST /practices/{slug}/settings`: a field for each switch (ticked is On). Raises UnknownPractice."""
    integration = desk_of(request).integration
    now = integration.clock()
    with integration.database.write() as session:
        practice = practice_of(request, session)
        person = caller_of(request).users[practice.slug]
        changes = _changes(form, practice, practices.settings_of(session, practice.slug))
        before = {switch: not on for switch, on in changes.items()}
        practices.change_settings(session, practice.slug, changes, person=person.email, now=now)
        for switch, on in changes.items():
            value = "On" if on else "Off"
            said = message("settings.changed", person=person.name, setting=LABELS[switch], value=value)
            record(session, practice.slug, said, now=now, person=person.email)
        if changes:
            trail.done(request, session, Action.CHANGE_SETTINGS, practice=practice.slug, before=before, after=changes)
    return RedirectResponse(f"/practices/{practice.slug}#settings", 303)


def _changes(form: FormData, practice: Practice, current: IntegrationSettings) -> dict[str, bool]:
    """Return the switches that change; a switch that the page does not offer stays as it is."""
    offered = LABELS if practice.country in TAX_COUNTRIES else LABELS.keys() - {"import_tax_assessments"}
    wanted = {switch: text_of(form, switch) != "" for switch in LABELS if switch in offered}
    return {switch: on for switch, on in wanted.items() if on != getattr(current, switch)}
