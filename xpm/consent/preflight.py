"""Checks of the person before a reconnect, and of the consent before it is used.

FYI's article lists these conditions for people to read; here each is checked. Findings are collected, so that an
administrator sees all of them at once.
"""

from datetime import date

from pydantic import BaseModel, ConfigDict

from xpm.consent.eligibility import Obstacle, obstacles
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.store import people
from xpm.store.tables import FyiUser, Practice
from xpm.words import Message, Stopped, message, stop
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.app import missing_scopes
from xpm.xero.errors import AccessLost, Refused, ScopeMissing, XeroError
from xpm.xero.models import Staff
from xpm.xero.records import Unreadable

KEYS = {
    Obstacle.INACTIVE: "preflight.user_inactive",
    Obstacle.LEAVING: "preflight.user_leaving",
    Obstacle.NOT_ADMIN: "preflight.user_not_admin",
}


class Person(BaseModel):
    """The FYI user who reconnects."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str


def check_person(integration: Integration, practice: str, email: str, *, stays: bool) -> Person:
    """Return the person if they meet FYI's conditions for reconnecting (FYI: "Check your User Account").

    Raises:
        Stopped: they do not; the message lists every unmet condition.
    """
    row = integration.practice(practice)
    with integration.database.read() as session:
        user = people.by_email(session, practice, email)
    if user is None:
        raise stop("preflight.user_unknown", email=email, practice=row.name)
    findings = _findings(user, stays=stays, today=integration.today(row))
    if findings:
        raise Stopped(_as_one(findings, row))
    return Person(id=user.id, name=user.name, email=user.email)


def _findings(user: FyiUser, *, stays: bool, today: date) -> list[Message]:
    unmet = [KEYS[obstacle] for obstacle in obstacles(user, today)]
    if not stays:
        unmet.append("preflight.not_staying")
    return [message(key, person=user.name, leaving_on=user.leaving_on) for key in unmet]


def _as_one(findings: list[Message], practice: Practice) -> Message:
    if len(findings) == 1:
        return findings[0]
    said = " ".join(f"({number}) {finding.text}" for number, finding in enumerate(findings, 1))
    return message("preflight.several", count=len(findings), practice=practice.name, findings=said)


def check_access(api: XpmApi, person: Person, scopes: frozenset[str], *, tenant: str, email: str, today: date) -> None:
    """Check that the consent is enough for the syncs: its scopes, the person's staff record, one small call per part.

    Raises:
        Stopped: an administrator has to change something first.
        XeroError: Xero did not answer; this says nothing about the consent.
    """
    if missing := missing_scopes(scopes):
        raise stop("preflight.scopes_missing", missing=", ".join(sorted(missing)))
    refused = [
        probe.part
        for entity in Entity
        for probe in DEFINITIONS[entity].probes
        if _is_refusal(api.trouble_with(probe.endpoint, probe.params(today)))
    ]
    if refused:
        raise stop("preflight.part_refused", tenant=tenant, parts=", ".join(refused), person=person.name)
    if not any(_is_staff_record(staff, person, email) for staff in api.list(endpoints.STAFF)):
        raise stop("preflight.no_staff_record", person=person.name, tenant=tenant, email=email)


def _is_refusal(error: XeroError | None) -> bool:
    """Whether Xero refused this person. Any other error is raised, because it says nothing about the consent."""
    if error is None:
        return False
    if isinstance(error, AccessLost | Refused | ScopeMissing):
        return True
    raise error


def _is_staff_record(staff: Staff | Unreadable, person: Person, email: str) -> bool:
    return not isinstance(staff, Unreadable) and is_record_of(person, email, staff.email, staff.name)


def is_record_of(person: Person, email: str, staff_email: str | None, staff_name: str | None) -> bool:
    """Whether a staff record belongs to this person, who logs in to Xero with `email`.

    Staff are matched by email address (FYI: "Managing Users"), or by name where XPM has no address.
    """
    if staff_email:
        return staff_email.strip().lower() in {email.strip().lower(), person.email}
    return (staff_name or "").strip().casefold() == person.name.casefold()
