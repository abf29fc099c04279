"""Consents with their tokens: sealed in the vault, rotated by compare-and-set on a generation.

Xero's refresh tokens can be used once. The previous token works for 30 more minutes, in case the answer was lost
(Xero: "The standard authorization code flow", refreshing access tokens). So a refresh is recorded before the call, the
new pair is stored before its first use, and the previous token is kept.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, update
from sqlmodel import Session, col, select

from xpm.store.consent.vault import Vault
from xpm.store.errors import UnknownConsent
from xpm.store.tables import Connection, Consent
from xpm.store.vocabulary import ConsentStatus

Secret = Literal["access_token", "refresh_token", "previous_refresh_token"]
SECRETS: tuple[Secret, ...] = ("access_token", "refresh_token", "previous_refresh_token")

USABLE = frozenset({ConsentStatus.PENDING, ConsentStatus.ACTIVE})
"""The statuses of a consent that can still be used: not refused, lost or superseded."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens that the token endpoint returned. They stay out of the repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A consent's present tokens, with what a refresh needs to know."""

    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    previous_refresh_token: str | None = field(repr=False)
    access_expires_at: datetime | None
    generation: int
    refresh_started_at: datetime | None
    refreshed_at: datetime | None
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class XeroLogin:
    """The person who consented at Xero, from the id token and the access token."""

    xero_userid: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    authentication_event_id: str | None = None


def save_pending(
    session: Session,
    vault: Vault,
    *,
    practice: str,
    user_id: str,
    identity: XeroLogin,
    scopes: list[str],
    tokens: TokenPair,
    now: datetime,
) -> Consent:
    """Store a new consent. It is not used for syncs until it is activated."""
    consent_id = str(uuid.uuid4())
    consent = Consent(
        id=consent_id,
        practice=practice,
        user_id=user_id,
        status=ConsentStatus.PENDING,
        xero_userid=identity.xero_userid,
        email=identity.email,
        given_name=identity.given_name,
        family_name=identity.family_name,
        authentication_event_id=identity.authentication_event_id,
        scopes=scopes,
        access_token=vault.seal(tokens.access_token, place(consent_id, "access_token")),
        refresh_token=vault.seal(tokens.refresh_token, place(consent_id, "refresh_token")),
        access_expires_at=tokens.access_expires_at,
        refreshed_at=now,
        created_at=now,
    )
    session.add(consent)
    session.flush()
    return consent


def get(session: Session, consent_id: str) -> Consent:
    """Return one consent as it is now. Raises UnknownConsent."""
    consent = session.get(Consent, consent_id, populate_existing=True)
    if consent is None:
        raise UnknownConsent(consent_id)
    return consent


def login_of(session: Session, practice: str) -> str | None:
    """Xero's user id of the login that the practice's connection uses; `None` if there is none or Xero did not say."""
    used = select(Consent.xero_userid).join(Connection, col(Connection.consent_id) == col(Consent.id))
    return session.exec(used.where(Connection.practice == practice)).one_or_none()


def granted_to(session: Session, practice: str) -> frozenset[str] | None:
    """The scopes of the consent that the practice's connection uses; `None` if it uses none."""
    used = select(Consent.scopes).join(Connection, col(Connection.consent_id) == col(Consent.id))
    granted = session.exec(used.where(Connection.practice == practice)).one_or_none()
    return None if granted is None else frozenset(granted)


def left_over(session: Session, practice: str) -> list[Consent]:
    """List the consents that no longer serve the practice but still hold tokens, oldest first."""
    over = select(Consent).where(
        Consent.practice == practice,
        col(Consent.status).in_((ConsentStatus.SUPERSEDED, ConsentStatus.LOST)),
        col(Consent.refresh_token).is_not(None),
    )
    return list(session.exec(over.order_by(col(Consent.created_at))))


def is_answering(session: Session, xero_userid: str) -> bool:
    """Whether this Xero login has a consent, for any practice, whose reconnect is still under way."""
    pending = select(Consent.id).where(Consent.xero_userid == xero_userid, Consent.status == ConsentStatus.PENDING)
    return session.exec(pending).first() is not None


def activate(session: Session, consent_id: str) -> Consent:
    """Make this the practice's consent, superseding the previous one. Raises UnknownConsent."""
    consent = get(session, consent_id)
    others = update(Consent).where(
        col(Consent.practice) == consent.practice,
        col(Consent.id) != consent_id,
        col(Consent.status) == ConsentStatus.ACTIVE,
    )
    session.connection().execute(others.values(status=ConsentStatus.SUPERSEDED))
    consent.status = ConsentStatus.ACTIVE
    session.flush()
    return consent


def end(session: Session, consent_id: str, status: ConsentStatus, *, forget_tokens: bool = False) -> Consent:
    """Mark a consent as superseded, refused or lost. Forget its tokens once they are revoked or dead."""
    consent = get(session, consent_id)
    consent.status = status
    if forget_tokens:
        consent.access_token = consent.refresh_token = consent.previous_refresh_token = None
        consent.generation += 1  # a refresh under way must not bring the tokens back
    session.flush()
    return consent


def tokens_of(session: Session, vault: Vault, consent_id: str) -> StoredTokens:
    """Open a consent's tokens. Raises UnknownConsent, and the vault's errors."""
    consent = get(session, consent_id)

    def opened(name: Secret) -> str | None:
        sealed: bytes | None = getattr(consent, name)
        return None if sealed is None else vault.open(sealed, place(consent_id, name))

    return StoredTokens(
        access_token=opened("access_token"),
        refresh_token=opened("refresh_token"),
        previous_refresh_token=opened("previous_refresh_token"),
        access_expires_at=consent.access_expires_at,
        generation=consent.generation,
        refresh_started_at=consent.refresh_started_at,
        refreshed_at=consent.refreshed_at,
        is_lost=consent.status is ConsentStatus.LOST,
    )


def note_loss(session: Session, consent_id: str, expected_generation: int) -> bool:
    """Mark the consent as lost because Xero refused these tokens for good; false if they were refreshed meanwhile.

    Later callers then need not ask Xero.
    """
    usable = col(Consent.status).in_(USABLE)
    lost = update(Consent).where(_at(consent_id, expected_generation), usable).values(status=ConsentStatus.LOST)
    return session.connection().execute(lost).rowcount == 1


def note_refresh(session: Session, consent_id: str, expected_generation: int, now: datetime) -> bool:
    """Record that a refresh is about to start; false if the tokens were refreshed meanwhile. Commit before the call."""
    noted = update(Consent).where(_at(consent_id, expected_generation)).values(refresh_started_at=now)
    return session.connection().execute(noted).rowcount == 1


def store_rotation(
    session: Session, vault: Vault, consent_id: str, expected_generation: int, *, tokens: TokenPair, now: datetime
) -> bool:
    """Store the pair that a refresh returned. False, with nothing stored, if another process was first."""
    consent = get(session, consent_id)
    before = consent.refresh_token
    rotated = (
        update(Consent)
        .where(_at(consent_id, expected_generation))
        .values(
            access_token=vault.seal(tokens.access_token, place(consent_id, "access_token")),
            refresh_token=vault.seal(tokens.refresh_token, place(consent_id, "refresh_token")),
            previous_refresh_token=before and _moved(vault, before, consent_id),
            access_expires_at=tokens.access_expires_at,
            generation=expected_generation + 1,
            refreshed_at=now,
            refresh_started_at=None,
        )
    )
    done = session.connection().execute(rotated).rowcount == 1
    session.expire(consent)
    return done


def place(consent_id: str, name: Secret) -> str:
    """The place that a token is bound to."""
    return f"consent/{consent_id}/{name}"


def _moved(vault: Vault, refresh_token: bytes, consent_id: str) -> bytes:
    opened = vault.open(refresh_token, place(consent_id, "refresh_token"))
    return vault.seal(opened, place(consent_id, "previous_refresh_token"))


def _at(consent_id: str, generation: int) -> ColumnElement[bool]:
    return and_(col(Consent.id) == consent_id, col(Consent.generation) == generation)
