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
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.store import people
from xpm.store.tables import FyiUser, Practice
from xpm.words import Message, Stopped, message, stop
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.app import missing_scopes
from xpm.xero.errors import AccessLost, ScopeMissing, XeroError
from xpm.xero.models import Staff
from xpm.xero.records import Unreadable

KEYS = {
    Obstacle.INACTIVE: "preflight.user_inactive",
    Obstacle.LEAVING: "preflight.user_leaving",
    Obstacle.NOT_ADMIN: "preflight.user_not_admin",
}


class Denial(Enum):
    """To whom Xero denies a part of XPM."""

    TO_APP = auto()  # a scope or the app's plan does not cover it
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
    """Check that the consent is enough for the syncs: its scopes, the person's staff record, one small call per part.

    An address that Xero does not have says nothing about the person: the message names it, and the syncs go on.

    Raises:
        Stopped: an administrator has to change something first.
        XeroError: Xero did not answer; this says nothing about the consent.
    """
    if missing := missing_scopes(scopes):
        raise stop("preflight.scopes_missing", missing=", ".join(sorted(missing)))
    denied = _denied(api, today)
    if uncovered := denied[Denial.TO_APP]:
        raise stop("preflight.part_not_covered", tenant=tenant, parts=", ".join(uncovered))
    if refused := denied[Denial.TO_PERSON]:
        raise stop("preflight.part_refused", tenant=tenant, parts=", ".join(refused), person=person.name)
    if not any(_is_staff_record(staff, person, email) for staff in api.list(endpoints.STAFF)):
        raise stop("preflight.no_staff_record", person=person.name, tenant=tenant, email=email)
    if absent := denied[Denial.TO_EVERYBODY]:
        return message("preflight.ready_except", tenant=tenant, parts=", ".join(absent))
    return message("preflight.ready", tenant=tenant, person=person.name)


def _denied(api: XpmApi, today: date) -> Mapping[Denial, list[str]]:
    """Try every part of XPM that FYI needs, and return those that Xero denies."""
    denied: dict[Denial, list[str]] = {denial: [] for denial in Denial}
    for entity in Entity:
        for probe in DEFINITIONS[entity].probes:
            if error := api.trouble_with(probe.endpoint, probe.params(today)):
                denied[_denial(error)].append(probe.part)
    return denied


def _denial(error: XeroError) -> Denial:
    """Tell to whom Xero denies a part. Any other error is raised, because it says nothing about that."""
    if error.status == HTTPStatus.NOT_FOUND:
        return Denial.TO_EVERYBODY
    if isinstance(error, ScopeMissing):
        return Denial.TO_APP
    if isinstance(error, AccessLost):
        return Denial.TO_PERSON
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
