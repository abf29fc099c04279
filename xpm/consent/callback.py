"""The login at Xero and its answer: from the opened link to the pending consent.

Opening the link sends that browser to Xero. The answer is accepted once, and only in the same browser. It is stored as
a pending consent until the account is chosen and everything is checked; the old connection stays in use until then.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, SecretStr
from sqlmodel import Session

from xpm.consent.eligibility import Obstacle, obstacles
from xpm.consent.invitation import link_to
from xpm.consent.keeper import token_pair
from xpm.consent.preflight import KEYS
from xpm.consent.removal import remove_unused
from xpm.consent.states import move
from xpm.consent.superseding import superseded_by
from xpm.integration import Integration
from xpm.store import people, practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.consent.attempts import Callback
from xpm.store.errors import AttemptRefused, UnknownAttempt, WrongBrowser
from xpm.store.tables import AuthorisationAttempt, FyiUser
from xpm.store.vocabulary import AttemptOutcome, ConnectionState
from xpm.words import Message, Stopped, message
from xpm.xero.errors import (
    CallbackReason,
    CallbackRefused,
    ConsentDeclined,
    ConsentNeeded,
    MisconfiguredApp,
    Remedy,
    XeroError,
)
from xpm.xero.oauth import ExpectedCallback, Grant, Identity

BROWSER_SECRET_BYTES = 32  # 256 bits; RFC 6749 §10.10 asks for at least 128

log = logging.getLogger(__name__)

TEMPORARY = frozenset({Remedy.TRY_LATER, Remedy.WAIT})
"""Errors that say nothing about the consent: the attempt stays open, and its link can be opened again."""


class LoginStart(BaseModel):
    """Where to send the browser, and the secret its cookie must bring back."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr
    browser: SecretStr
    until: datetime
    flow_run_id: str | None


class LinkUnknown(Stopped):
    """The link to Xero leads to no attempt."""


class LinkOver(Stopped):
    """The link to Xero was used, replaced or ended, or has expired. `run`: whose page says what goes on."""

    def __init__(self, message: Message, run: str | None) -> None:
        super().__init__(message)
        self.run = run


class Received(BaseModel):
    """What to show after Xero's answer, how its attempt stands now, and which flow run waits for it."""

    model_config = ConfigDict(frozen=True)

    message: Message
    outcome: AttemptOutcome | None = None  # None: the answer belongs to no open attempt
    practice: str | None = None
    flow_run_id: str | None = None


def start_login(integration: Integration, attempt_id: str) -> LoginStart:
    """Start the login at Xero in the browser that opened the link; this voids an earlier start.

    Raises:
        Stopped: the link is unknown, already used or expired.
    """
    request = integration.oauth.begin()
    browser = secrets.token_urlsafe(BROWSER_SECRET_BYTES)
    try:
        with integration.database.write() as session:
            attempt = attempts.set_out(
                session,
                integration.vault,
                attempt_id,
                state=request.state.get_secret_value(),
                browser=browser,
                nonce=request.nonce.get_secret_value(),
                code_verifier=request.code_verifier.get_secret_value(),
                now=integration.clock(),
            )
    except UnknownAttempt:
        raise LinkUnknown(message("consent.link_unknown")) from None
    except AttemptRefused:
        raise _over(integration, attempt_id) from None
    return LoginStart(
        url=request.url,
        browser=browser,
        until=attempt.expires_at,
        flow_run_id=attempt.flow_run_id,
    )


def require_open(integration: Integration, attempt_id: str) -> None:
    """Check that the link still leads to Xero.

    Raises:
        LinkOver: it does not.
    """
    with integration.database.read() as session:
        attempt = attempts.get(session, attempt_id)
    if attempt.outcome is not AttemptOutcome.WAITING or attempt.expires_at <= integration.clock():
        raise _over(integration, attempt_id)


def _over(integration: Integration, attempt_id: str) -> LinkOver:
    """Say why a link is over, and name the run to go on with."""
    with integration.database.read() as session:
        attempt = attempts.get(session, attempt_id)
    if newer := superseded_by(attempt):
        return LinkOver(newer.message, newer.run)
    return LinkOver(message("consent.link_over"), attempt.flow_run_id)


def receive(integration: Integration, answer: Mapping[str, str], browser: str) -> Received:
    """Accept Xero's answer once: verify it, exchange the code and store the pending consent.

    Never raises because of what the answer says: the result holds what to show and which run to resume.
    """
    try:
        with integration.database.write() as session:
            callback = attempts.use_up(
                session, integration.vault, state=answer.get("state", ""), browser=browser, now=integration.clock()
            )
    except (UnknownAttempt, WrongBrowser):
        reason = "It does not belong to a link opened in this browser."
        return Received(message=message("consent.not_trusted", reason=reason))
    except AttemptRefused as refused:
        over = _over(integration, str(refused))
        return Received(message=over.message, flow_run_id=over.run)
    said = _result(integration, callback, answer)
    with integration.database.read() as session:
        attempt = attempts.get(session, callback.attempt.id)
    return Received(message=said, outcome=attempt.outcome, practice=attempt.practice, flow_run_id=attempt.flow_run_id)


def _result(integration: Integration, callback: Callback, answer: Mapping[str, str]) -> Message:
    attempt = callback.attempt
    try:
        grant = integration.oauth.finish(answer, _expected(integration, callback, answer))
    except XeroError as error:
        if error.remedy in TEMPORARY:
            return message("consent.xero_silent", link=link_to(integration, attempt.id))
        outcome = AttemptOutcome.DECLINED if isinstance(error, ConsentDeclined) else AttemptOutcome.REFUSED
        return _refused(integration, attempt, outcome, *_reason(error))
    with integration.database.read() as session:
        user = people.get(session, attempt.user_id)
    if not _is_same_person(user, grant.identity):
        facts = {"consented": _name_of(grant.identity), "person": user.name}
        said = _refused(integration, attempt, AttemptOutcome.REFUSED, "consent.other_person", facts)
        remove_unused(integration, grant)
        return said
    if unmet := _lost(integration, user):
        said = _refused(integration, attempt, AttemptOutcome.REFUSED, KEYS[unmet], {"person": user.name})
        remove_unused(integration, grant)
        return said
    return _accepted(integration, attempt, user, grant)


def _lost(integration: Integration, user: FyiUser) -> Obstacle | None:
    """Return what the person lost since the run began, without which nobody may make a connection."""
    with integration.database.read() as session:
        today = integration.today(practices.get(session, user.practice))
    found = obstacles(user, today)
    return next((one for one in (Obstacle.INACTIVE, Obstacle.NOT_ADMIN) if one in found), None)


def _reason(error: XeroError) -> tuple[str, dict[str, object]]:
    """Return the catalogue key, and its facts, that say why an answer is not used."""
    if isinstance(error, ConsentDeclined):
        return "consent.declined", {}
    if isinstance(error, MisconfiguredApp):
        return "consent.app_misconfigured", {"reason": error.message}
    if isinstance(error, ConsentNeeded):
        return "consent.not_trusted", {"reason": "Xero says it was already used or came too late."}
    log.warning("Xero's answer was not used: %r", error)
    if isinstance(error, CallbackRefused) and error.reason is CallbackReason.CLOCK:
        return "consent.clocks_differ", {}
    return "consent.not_trusted", {"reason": "FYI could not verify that it comes from Xero and belongs to this link."}


def _accepted(integration: Integration, attempt: AuthorisationAttempt, user: FyiUser, grant: Grant) -> Message:
    said = message("consent.granted", person=user.name)
    now = integration.clock()
    with integration.database.write() as session:
        connections.locked(session, attempt.practice)  # before the attempt: giving a reconnect up locks in this order
        consent_id = _save(session, integration, attempt, grant, now)
        if attempts.close(session, attempt.id, AttemptOutcome.GRANTED, consent_id=consent_id, now=now):
            state = ConnectionState.CHOOSING_PRACTICE
            run = attempt.flow_run_id
            move(session, attempt.practice, state, said, now=now, person=user.email, flow_run_id=run)
            return said
        session.rollback()  # the attempt expired during the call to Xero
    return _over(integration, attempt.id).message


def _save(
    session: Session, integration: Integration, attempt: AuthorisationAttempt, grant: Grant, now: datetime
) -> str:
    identity = grant.identity
    return consents.save_pending(
        session,
        integration.vault,
        practice=attempt.practice,
        user_id=attempt.user_id,
        identity=consents.XeroLogin(
            xero_userid=identity.xero_userid,
            email=identity.email,
            given_name=identity.given_name,
            family_name=identity.family_name,
            authentication_event_id=grant.authentication_event_id,
        ),
        scopes=sorted(grant.tokens.scopes),
        tokens=token_pair(grant.tokens),
        now=now,
    ).id


def _refused(
    integration: Integration,
    attempt: AuthorisationAttempt,
    outcome: AttemptOutcome,
    key: str,
    facts: Mapping[str, object],
) -> Message:
    """Close the attempt. The tokens of an unused consent are not stored."""
    now = integration.clock()
    with integration.database.write() as session:
        attempts.close(session, attempt.id, outcome, reason_key=key, reason_facts=dict(facts), now=now)
    return message(key, **facts)


def _expected(integration: Integration, callback: Callback, answer: Mapping[str, str]) -> ExpectedCallback:
    """Return what the answer must match. Its state already matched: the attempt was looked up by it."""
    return ExpectedCallback(
        state=SecretStr(answer["state"]),
        nonce=SecretStr(callback.nonce),
        code_verifier=SecretStr(callback.code_verifier),
        redirect_uri=integration.app.redirect_uri,
    )


def _is_same_person(user: FyiUser, identity: Identity) -> bool:
    """Compare Xero's user id if an earlier consent gave it, since an email address can change; else the address."""
    if user.xero_userid is not None:
        return user.xero_userid == identity.xero_userid
    return people.matched(identity.email or "") == user.email


def _name_of(identity: Identity) -> str:
    name = " ".join(part for part in (identity.given_name, identity.family_name) if part)
    return name or identity.email or "Another person"
