"""Invites an administrator to log in to Xero, and finds out whether they allowed access.

An invitation is one attempt of one flow run. It is closed once, by Xero's answer or when it expires, and stays closed.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from xpm.activity.log import record
from xpm.consent.access import BROKEN
from xpm.consent.preflight import Person
from xpm.consent.states import move, reconnecting_run
from xpm.consent.superseding import give_back, run_superseded_by, supersede
from xpm.integration import Integration
from xpm.store import practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.tables import AuthorisationAttempt, Connection
from xpm.store.vocabulary import AttemptOutcome, ConnectionState
from xpm.words import Stopped, message, stop
from xpm.words.moments import time_in

CHECKS = timedelta(hours=3)
"""The longest a reconnect's steps take between its waits: they compare lists, and wait when Xero does not answer."""


class Invitation(BaseModel):
    """One attempt to get a consent. The link is no secret: on its own it gives access to nothing."""

    model_config = ConfigDict(frozen=True)

    attempt_id: str
    practice: str
    practice_name: str
    person: Person
    link: str
    minutes: float
    expires_at: datetime
    time_zone: str
    flow_run_id: str

    @property
    def until(self) -> str:
        """Until when the link can be used, by the practice's clock."""
        return time_in(self.expires_at, self.time_zone)


def link_to(integration: Integration, attempt_id: str) -> str:
    """Return the address of the console page that sends a browser to Xero."""
    return f"{integration.settings.xpm_console_url}/connect/{attempt_id}"


def invite(integration: Integration, practice: str, person: Person, *, minutes: float, flow_run_id: str) -> Invitation:
    """Start to wait for the person's consent. A flow run that is run again keeps its link, or the consent it has.

    The run asks again if the connection made with that consent has since broken. Another reconnect of the same practice
    that is under way is given up: the newer one wins. A run that was given up stays so, however often it is run again;
    else two runs whose pages are open would replace each other without end.

    Raises:
        Stopped: a newer reconnect replaced this run.
    """
    known = integration.practice(practice)
    name, now = known.name, integration.clock()
    until = now + timedelta(minutes=minutes)
    with integration.database.write() as session:
        connection = connections.locked(session, practice)  # of two that start at once, the second sees the first
        if replaced := run_superseded_by(session, flow_run_id):
            raise Stopped(replaced.message)
        granted = _granted_before(session, connection, flow_run_id)
        attempt = granted or attempts.waiting_of(session, flow_run_id)
        fresh = attempt is None
        if fresh and (older := reconnecting_run(session, practice)):
            supersede(session, practice, older, person=person.name, run=flow_run_id, now=now)
        attempt = attempt or attempts.open_attempt(
            session,
            practice=practice,
            user_id=person.id,
            flow_run_id=flow_run_id,
            expires_at=until,
            now=now,
        )
        if granted:
            attempt.expires_at = until  # a retried run gets the full time again
        invitation = Invitation(
            attempt_id=attempt.id,
            practice=practice,
            practice_name=name,
            person=person,
            link=link_to(integration, attempt.id),
            minutes=minutes,
            expires_at=attempt.expires_at,
            time_zone=known.time_zone,
            flow_run_id=flow_run_id,
        )
        if fresh:
            said = message("consent.waiting", person=person.name, link=invitation.link, until=invitation.until)
            move(
                session,
                practice,
                ConnectionState.AUTHORISING,
                said,
                now=now,
                person=person.email,
                flow_run_id=flow_run_id,
            )
    return invitation


def _granted_before(session: Session, connection: Connection, flow_run_id: str) -> AuthorisationAttempt | None:
    """Return the attempt in which this run got its consent, unless the resulting connection has since broken."""
    attempt = attempts.granted_to(session, flow_run_id)
    is_in_use = attempt is not None and attempt.consent_id == connection.consent_id
    if is_in_use and connections.state_before(session, connection.practice) in BROKEN:
        return None
    return attempt


def answered(integration: Integration, invitation: Invitation) -> bool:
    """Whether the attempt is over, successful or not."""
    return attempt_of(integration, invitation).outcome is not AttemptOutcome.WAITING


def require_granted(integration: Integration, invitation: Invitation) -> str:
    """Return the id of the consent if the invited person allowed access.

    Raises:
        Stopped: they did not; the message says why.
    """
    with integration.database.read() as session:
        attempt = attempts.get(session, invitation.attempt_id)
        if attempt.consent_id and consents.get(session, attempt.consent_id).status in consents.USABLE:
            return attempt.consent_id
        raise withdrawn(session, invitation)


def withdrawn(session: Session, invitation: Invitation) -> Stopped:
    """Return the `Stopped` that says why an attempt gave no consent, or one that is not usable any more."""
    attempt = attempts.get(session, invitation.attempt_id)
    if attempt.reason_key:
        return stop(attempt.reason_key, **(attempt.reason_facts or {}))
    return stop("consent.withdrawn", practice=invitation.practice_name)


def expire(integration: Integration, invitation: Invitation) -> Stopped | None:
    """Close an attempt that has expired; return None if the answer arrived at the last moment."""
    facts: dict[str, object] = {"minutes": invitation.minutes, "person": invitation.person.name}
    with integration.database.write() as session:
        over = attempts.close(
            session,
            invitation.attempt_id,
            AttemptOutcome.EXPIRED,
            reason_key="consent.not_answered",
            reason_facts=facts,
            now=integration.clock(),
        )
    return stop("consent.not_answered", **facts) if over else None


def withdraw(integration: Integration, practice: str, stopped: Stopped, *, flow_run_id: str) -> None:
    """Put the connection back to its state before this flow run, and forget a consent the run got but did not use."""
    with integration.database.write() as session:
        give_back(session, practice, stopped.message, now=integration.clock(), flow_run_id=flow_run_id)


def withdraw_abandoned(integration: Integration, practice: str) -> None:
    """Withdraw and log a reconnect that is under way for longer than is possible: its program must have died.

    Raises:
        UnknownPractice: there is no such practice.
    """
    now = integration.clock()
    with integration.database.write() as session:
        connections.locked(session, practice)
        run = reconnecting_run(session, practice)
        if run is None or not _is_abandoned(attempts.of_run(session, run)[0], now):
            return
        _abandon(session, practice, run, now)


def withdraw_lost(integration: Integration, practice: str, flow_run_id: str) -> None:
    """Withdraw and log a reconnect whose flow run no longer exists."""
    with integration.database.write() as session:
        connections.locked(session, practice)
        if reconnecting_run(session, practice) == flow_run_id:
            _abandon(session, practice, flow_run_id, integration.clock())


def _abandon(session: Session, practice: str, flow_run_id: str, now: datetime) -> None:
    said = message("reconnect.abandoned", practice=practices.get(session, practice).name)
    give_back(session, practice, said, now=now, flow_run_id=flow_run_id)
    record(session, practice, said, now=now, flow_run_id=flow_run_id)


def _is_abandoned(attempt: AuthorisationAttempt, now: datetime) -> bool:
    """Whether the attempt's run must be over. One that begins in the future began under a wrong clock."""
    return abs(now - attempt.created_at) >= _longest(attempt)


def _longest(attempt: AuthorisationAttempt) -> timedelta:
    """How long the attempt's run can last. It waits equally long for the login, the choice of account and its name."""
    return 3 * (attempt.expires_at - attempt.created_at) + CHECKS


def attempt_of(integration: Integration, invitation: Invitation) -> AuthorisationAttempt:
    """Read the attempt as it is now."""
    with integration.database.read() as session:
        return attempts.get(session, invitation.attempt_id)
