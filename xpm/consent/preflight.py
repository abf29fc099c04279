"""Checks of the person before a reconnect, and of the consent before it is used.

FYI's article lists these conditions for people to read; here each is checked. Findings are collected, so that an
administrator sees all of them at once.
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum, auto
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict

from xpm.consent.eligibility import Obstacle, obstacles
from xpm.entities.entity import Probe
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.store import people
from xpm.store.tables import FyiUser, Practice
from xpm.words import Message, Stopped, message, stop
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.errors import AccessLost, ScopeMissing
from xpm.xero.models import Staff
from xpm.xero.records import Unreadable
from xpm.xero.scopes import LASTING_LOGIN, Coverage, covers, may_read_any, missing_scopes

KEYS = {
    Obstacle.INACTIVE: "preflight.user_inactive",
    Obstacle.LEAVING: "preflight.user_leaving",
    Obstacle.NOT_ADMIN: "preflight.user_not_admin",
}


class Denial(Enum):
    """To whom Xero denies a part of XPM."""

    TO_SCOPES = auto()  # the app did not ask for the scope, or there is none
    TO_APP = auto()  # the app's plan does not cover it, though its scopes do
    TO_PERSON = auto()  # the person lacks a privilege
    TO_EVERYBODY = auto()  # there is no such address


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


def check_access(
    api: XpmApi, person: Person, scopes: frozenset[str], *, tenant: str, email: str, today: date
) -> Message:
    """Check that the consent is enough to sync: its scopes, the person's staff record, one small call per part.

    What the scopes do not cover says nothing about the person, and neither does an address that Xero does not have: the
    message names it, and the syncs go on with the rest.

    Raises:
        Stopped: an administrator has to change something first.
        XeroError: Xero did not answer; this says nothing about the consent.
    """
    missing = missing_scopes(scopes)
    if missing & LASTING_LOGIN or not may_read_any(scopes):
        raise stop("preflight.scopes_missing", missing=", ".join(sorted(missing)))
    denied = _denied(api, scopes, today)
    if uncovered := denied[Denial.TO_APP]:
        raise stop("preflight.part_not_covered", tenant=tenant, parts=", ".join(uncovered))
    if refused := denied[Denial.TO_PERSON]:
        raise stop("preflight.part_refused", tenant=tenant, parts=", ".join(refused), person=person.name)
    if _is_missing_in_xpm(api, scopes, person, email):
        raise stop("preflight.no_staff_record", person=person.name, tenant=tenant, email=email)
    if left_out := denied[Denial.TO_SCOPES]:
        return message("preflight.ready_without", tenant=tenant, parts=", ".join(left_out))
    if absent := denied[Denial.TO_EVERYBODY]:
        return message("preflight.ready_except", tenant=tenant, parts=", ".join(absent))
    return message("preflight.ready", tenant=tenant, person=person.name)


def _denied(api: XpmApi, scopes: frozenset[str], today: date) -> Mapping[Denial, list[str]]:
    """Try every part of XPM that FYI needs and that the scopes may cover, and return those that Xero denies."""
    denied: dict[Denial, list[str]] = {denial: [] for denial in Denial}
    for probe in (probe for entity in Entity for probe in DEFINITIONS[entity].probes):
        if denial := _denial(api, probe, covers(scopes, probe.endpoint.scope), today):
            denied[denial].append(probe.part)
    return denied


def _denial(api: XpmApi, probe: Probe, coverage: Coverage, today: date) -> Denial | None:
    """Tell to whom Xero denies a part, if it does. Any other error is raised, because it says nothing about that."""
    if coverage is Coverage.NO:
        return Denial.TO_SCOPES
    error = api.trouble_with(probe.endpoint, probe.params(today))
    if error is None:
        return None
    if error.status == HTTPStatus.NOT_FOUND:
        return Denial.TO_EVERYBODY
    if isinstance(error, ScopeMissing):
        return Denial.TO_APP if coverage is Coverage.YES else Denial.TO_SCOPES
    if isinstance(error, AccessLost):
        return Denial.TO_PERSON
    raise error


def _is_missing_in_xpm(api: XpmApi, scopes: frozenset[str], person: Person, email: str) -> bool:
    """Whether XPM's staff list, as far as the scopes cover it, lacks the person."""
    if covers(scopes, endpoints.STAFF.scope) is not Coverage.YES:
        return False
    return not any(_is_staff_record(staff, person, email) for staff in api.list(endpoints.STAFF))


def _is_staff_record(staff: Staff | Unreadable, person: Person, email: str) -> bool:
    return not isinstance(staff, Unreadable) and is_record_of(person, email, staff.email, staff.name)


def is_record_of(person: Person, email: str, staff_email: str | None, staff_name: str | None) -> bool:
    """Whether a staff record belongs to this person, who logs in to Xero with `email`.

    Staff are matched by email address (FYI: "Managing Users"), or by name where XPM has no address.
    """
    if staff_email:
        return staff_email.strip().lower() in {email.strip().lower(), person.email}
    return (staff_name or "").strip().casefold() == person.name.casefold()
