"""API tokens, found by the digest of what a program sends."""

from datetime import date, datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, or_, select

from xpm.store.access.sessions import digest_of
from xpm.store.tables import ApiToken

ID_LENGTH = 12
"""So many digits of the digest tell tokens apart, and let nobody in. The audit trail has them as well."""


def id_of(token: ApiToken) -> str:
    """What people call a token, apart from its name."""
    return token.digest[:ID_LENGTH]


def add(session: Session, token: ApiToken) -> None:
    """Store a token. Raises IntegrityError if the practice has one of this name that is not revoked."""
    session.add(token)
    session.flush()


def valid(session: Session, token: str, now: datetime) -> ApiToken | None:
    """Return the token that a program sent, unless it is unknown, revoked or expired."""
    found = session.get(ApiToken, digest_of(token))
    return found if found and found.revoked_at is None and now < found.expires_at else None


def of_practice(session: Session, practice: str) -> list[ApiToken]:
    """List a practice's tokens, the oldest first."""
    of = select(ApiToken).where(ApiToken.practice == practice)
    return list(session.exec(of.order_by(col(ApiToken.made_at), col(ApiToken.digest))))


def kept(session: Session, practice: str, name: str) -> ApiToken | None:
    """Return the practice's token with this name or id that is not revoked."""
    of = select(ApiToken).where(ApiToken.practice == practice, col(ApiToken.revoked_at).is_(None))
    called = or_(col(ApiToken.name) == name, func.substr(ApiToken.digest, 1, ID_LENGTH) == name)
    return session.exec(of.where(called).order_by(col(ApiToken.name) != name)).first()


def revoke(session: Session, token: ApiToken, now: datetime) -> None:
    """Let nobody in with a token any more."""
    token.revoked_at = now
    session.add(token)
    session.flush()


def use(session: Session, token: ApiToken, today: date) -> None:
    """Note the day on which a token was last used."""
    used = update(ApiToken).where(col(ApiToken.digest) == token.digest).values(last_used_on=today)
    session.connection().execute(used)
