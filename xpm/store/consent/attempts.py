"""Attempts to get a consent: one link, one browser, one callback.

The state parameter ties the callback to the browser that went to Xero (RFC 6749 §10.12). Only digests of the state and
of the browser's cookie are stored. The nonce (OpenID Connect Core §3.1.2.1) and the code verifier (RFC 7636 §4.1) are
sealed.
"""

import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import and_, update
from sqlmodel import Session, col, select

from xpm.store.consent import consents
from xpm.store.consent.vault import Vault
from xpm.store.errors import AttemptExpired, AttemptRefused, AttemptUsed, UnknownAttempt, WrongBrowser
from xpm.store.tables import AuthorisationAttempt, JsonObject
from xpm.store.vocabulary import AttemptOutcome

SECRETS = ("nonce", "code_verifier")


@dataclass(frozen=True, slots=True)
class Callback:
    """What ends an attempt once its callback arrives. The secrets stay out of the repr."""

    attempt: AuthorisationAttempt
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


def open_attempt(
    session: Session,
    *,
    practice: str,
    user_id: str,
    flow_run_id: str | None = None,
    expires_at: datetime,
    now: datetime,
) -> AuthorisationAttempt:
    """Open an attempt, which waits for a person's consent."""
    attempt = AuthorisationAttempt(
        id=str(uuid.uuid4()),
        practice=practice,
        user_id=user_id,
        flow_run_id=flow_run_id,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(attempt)
    session.flush()
    return attempt


def get(session: Session, attempt_id: str) -> AuthorisationAttempt:
    """Return one attempt as it is now. Raises UnknownAttempt."""
    attempt = session.get(AuthorisationAttempt, attempt_id, populate_existing=True)
    if attempt is None:
        raise UnknownAttempt(attempt_id)
    return attempt


def of_consent(session: Session, consent_id: str) -> AuthorisationAttempt | None:
    """Find the attempt that led to a consent."""
    of = select(AuthorisationAttempt).where(AuthorisationAttempt.consent_id == consent_id)
    return session.exec(of).one_or_none()


def of_run(session: Session, flow_run_id: str) -> list[AuthorisationAttempt]:
    """List the attempts of one flow run, newest first."""
    of = select(AuthorisationAttempt).where(AuthorisationAttempt.flow_run_id == flow_run_id)
    return list(session.exec(of.order_by(col(AuthorisationAttempt.created_at).desc())))


def granted_to(session: Session, flow_run_id: str) -> AuthorisationAttempt | None:
    """Find the attempt of this flow run whose consent is still usable. A retry continues with that consent."""
    for attempt in of_run(session, flow_run_id):
        if attempt.consent_id and consents.get(session, attempt.consent_id).status in consents.USABLE:
            return attempt
    return None


def waiting_of(session: Session, flow_run_id: str) -> AuthorisationAttempt | None:
    """Return the attempt of this flow run that still waits for an answer, even if its time is up."""
    return next((one for one in of_run(session, flow_run_id) if one.outcome is AttemptOutcome.WAITING), None)


def choose(
    session: Session, attempt_id: str, *, tenant_id: str, tenant_name: str, xero_connection_id: str
) -> AuthorisationAttempt:
    """Record which account was chosen. A confirmation of another account is dropped. Raises UnknownAttempt."""
    attempt = get(session, attempt_id)
    if attempt.tenant_id != tenant_id:
        attempt.confirmed_at = attempt.confirmed_name = None
    attempt.tenant_id, attempt.tenant_name, attempt.xero_connection_id = tenant_id, tenant_name, xero_connection_id
    session.flush()
    return attempt


def confirm(session: Session, attempt_id: str, *, name: str, now: datetime) -> AuthorisationAttempt:
    """Record that a person typed the chosen account's name. Raises UnknownAttempt."""
    attempt = get(session, attempt_id)
    attempt.confirmed_at, attempt.confirmed_name = now, name
    session.flush()
    return attempt


def set_out(
    session: Session,
    vault: Vault,
    attempt_id: str,
    *,
    state: str,
    browser: str,
    nonce: str,
    code_verifier: str,
    now: datetime,
) -> AuthorisationAttempt:
    """Tie the attempt to the browser that goes to Xero now, instead of any earlier browser.

    Raises UnknownAttempt, AttemptUsed if the attempt is closed, and AttemptExpired.
    """
    attempt = get(session, attempt_id)
    statement = (
        update(AuthorisationAttempt)
        .where(
            col(AuthorisationAttempt.id) == attempt_id,
            col(AuthorisationAttempt.outcome) == AttemptOutcome.WAITING,
            col(AuthorisationAttempt.expires_at) > now,
        )
        .values(
            state_hash=_digest(state),
            browser_hash=_digest(browser),
            nonce=vault.seal(nonce, _place(attempt_id, "nonce")),
            code_verifier=vault.seal(code_verifier, _place(attempt_id, "code_verifier")),
            started_at=now,
            used_at=None,
        )
    )
    if session.connection().execute(statement).rowcount != 1:
        raise _why_not(attempt, now)
    return get(session, attempt_id)


def use_up(session: Session, vault: Vault, *, state: str, browser: str, now: datetime) -> Callback:
    """Accept the callback with this state, once. Commit before using the code, so that a second callback is refused.

    Raises UnknownAttempt, WrongBrowser, AttemptUsed and AttemptExpired. A wrong browser does not use the attempt up.
    """
    attempt = session.exec(
        select(AuthorisationAttempt).where(AuthorisationAttempt.state_hash == _digest(state))
    ).one_or_none()
    if attempt is None:
        raise UnknownAttempt("no attempt has this state")
    if attempt.browser_hash is None or not hmac.compare_digest(attempt.browser_hash, _digest(browser)):
        raise WrongBrowser(attempt.id)
    free = and_(
        col(AuthorisationAttempt.id) == attempt.id,
        col(AuthorisationAttempt.state_hash) == attempt.state_hash,
        col(AuthorisationAttempt.used_at).is_(None),
        col(AuthorisationAttempt.outcome) == AttemptOutcome.WAITING,
        col(AuthorisationAttempt.expires_at) > now,
    )
    if session.connection().execute(update(AuthorisationAttempt).where(free).values(used_at=now)).rowcount != 1:
        raise _why_not(get(session, attempt.id), now)
    attempt = get(session, attempt.id)
    return Callback(attempt, _opened(vault, attempt, "nonce"), _opened(vault, attempt, "code_verifier"))


def close(
    session: Session,
    attempt_id: str,
    outcome: AttemptOutcome,
    *,
    reason_key: str | None = None,
    reason_facts: JsonObject | None = None,
    consent_id: str | None = None,
    now: datetime,
) -> bool:
    """End an attempt and delete its secrets. False if it had ended before; its outcome then stays."""
    statement = (
        update(AuthorisationAttempt)
        .where(col(AuthorisationAttempt.id) == attempt_id, col(AuthorisationAttempt.outcome) == AttemptOutcome.WAITING)
        .values(
            outcome=outcome,
            reason_key=reason_key,
            reason_facts=reason_facts,
            consent_id=consent_id,
            closed_at=now,
            nonce=None,
            code_verifier=None,
        )
    )
    return session.connection().execute(statement).rowcount == 1


def _why_not(attempt: AuthorisationAttempt, now: datetime) -> AttemptRefused:
    if attempt.outcome is AttemptOutcome.WAITING and attempt.used_at is None and attempt.expires_at <= now:
        return AttemptExpired(attempt.id)
    return AttemptExpired(attempt.id) if attempt.outcome is AttemptOutcome.EXPIRED else AttemptUsed(attempt.id)


def _opened(vault: Vault, attempt: AuthorisationAttempt, name: str) -> str:
    sealed: bytes | None = getattr(attempt, name)
    if sealed is None:
        raise AttemptUsed(attempt.id)
    return vault.open(sealed, _place(attempt.id, name))


def _place(attempt_id: str, name: str) -> str:
    return f"authorisation_attempt/{attempt_id}/{name}"


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def tenant_name(session: Session, practice: str, tenant_id: str) -> str | None:
    """The account's name when it was last chosen."""
    chosen = select(AuthorisationAttempt.tenant_name).where(
        AuthorisationAttempt.practice == practice, AuthorisationAttempt.tenant_id == tenant_id
    )
    return session.exec(chosen.order_by(col(AuthorisationAttempt.created_at).desc()).limit(1)).one_or_none()
