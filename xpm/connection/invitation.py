"""Inviting an administrator to log in to Xero, and learning what came of it.

An invitation is one attempt of one flow run. It is closed once, by Xero's answer or by its time, and then stays so.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from xpm.connection.integration import Integration
from xpm.connection.preflight import Person, practice_named
from xpm.connection.states import give_up, move
from xpm.store import attempts, consents
from xpm.store.tables import AuthorisationAttempt
from xpm.store.vocabulary import AttemptOutcome, ConnectionState, ConsentStatus
from xpm.words import Stopped, message, stop


class Invitation(BaseModel):
    """One attempt to get a consent. The link is no secret: it opens nothing by itself."""

    model_config = ConfigDict(frozen=True)

    attempt_id: str
    practice: str
    practice_name: str
    person: Person
    link: str
    minutes: int
    expires_at: datetime
    flow_run_id: str | None


def link_to(integration: Integration, attempt_id: str) -> str:
    """The console's page that sends a browser on to Xero."""
    return f"{integration.settings.xpm_console_url}/connect/{attempt_id}"


def invite(
    integration: Integration, practice: str, person: Person, *, minutes: int, flow_run_id: str | None
) -> Invitation:
    """Wait for the person's consent from now on; a retried flow run goes on with the consent it has got already."""
    name = practice_named(integration, practice).name
    now = integration.clock()
    with integration.database.write() as session:
        attempt = attempts.granted_to(session, flow_run_id) if flow_run_id else None
        fresh = attempt is None
        attempt = attempt or attempts.open_attempt(
            session,
            practice=practice,
            user_id=person.id,
            flow_run_id=flow_run_id,
            expires_at=now + timedelta(minutes=minutes),
            now=now,
        )
        invitation = Invitation(
            attempt_id=attempt.id,
            practice=practice,
            practice_name=name,
            person=person,
            link=link_to(integration, attempt.id),
            minutes=minutes,
            expires_at=attempt.expires_at,
            flow_run_id=flow_run_id,
        )
        if fresh:
            said = message("consent.waiting", person=person.name, link=invitation.link, until=_time(attempt.expires_at))
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


def answered(integration: Integration, invitation: Invitation) -> bool:
    """Whether the attempt is over, well or not."""
    return attempt_of(integration, invitation).outcome is not AttemptOutcome.WAITING


def require_granted(integration: Integration, invitation: Invitation) -> str:
    """The id of the consent, if access was allowed by the person who was asked.

    Raises:
        Stopped: with the reason why not.
    """
    attempt = attempt_of(integration, invitation)
    if attempt.outcome is not AttemptOutcome.GRANTED or attempt.consent_id is None:
        raise stop(attempt.reason_key or "consent.link_over", **(attempt.reason_facts or {}))
    return attempt.consent_id


def expire(integration: Integration, invitation: Invitation) -> Stopped | None:
    """End an attempt whose time is over; `None` when the answer arrived at the last moment."""
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


def withdraw(integration: Integration, practice: str, stopped: Stopped, *, flow_run_id: str | None) -> None:
    """Put the connection back to how it was before this flow run, and forget the consent it got but did not use."""
    now = integration.clock()
    with integration.database.write() as session:
        for attempt in attempts.of_run(session, flow_run_id) if flow_run_id else ():
            attempts.close(session, attempt.id, AttemptOutcome.REFUSED, reason_key=stopped.message.key, now=now)
            if attempt.consent_id and consents.get(session, attempt.consent_id).status is ConsentStatus.PENDING:
                consents.end(session, attempt.consent_id, ConsentStatus.REFUSED, forget_tokens=True)
        give_up(session, practice, stopped.message, now=now, flow_run_id=flow_run_id)


def attempt_of(integration: Integration, invitation: Invitation) -> AuthorisationAttempt:
    """The attempt as it is now."""
    with integration.database.read() as session:
        return attempts.get(session, invitation.attempt_id)


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"
