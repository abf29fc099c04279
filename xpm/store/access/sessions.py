"""Sessions of the console: one browser each, found by a digest of its token."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col

from xpm.store.tables import ConsoleSession

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a session was last used. Not every page view is worth a write."""


def digest_of(token: str) -> str:
    """The key of a session, or of a login link, which does not give its token away."""
    return sha256(token.encode()).hexdigest()


def begin(
    session: Session, token: str, *, issuer: str, subject: str, address: str, ends_at: datetime, now: datetime
) -> ConsoleSession:
    """Begin a session, and forget those that are over."""
    session.connection().execute(delete(ConsoleSession).where(col(ConsoleSession.ends_at) <= now))
    begun = ConsoleSession(
        digest=digest_of(token),
        issuer=issuer,
        subject=subject,
        address=address,
        began_at=now,
        seen_at=now,
        ends_at=ends_at,
    )
    session.add(begun)
    session.flush()
    return begun


def get(session: Session, digest: str, *, idle: timedelta, now: datetime) -> ConsoleSession | None:
    """Return a session that lasts: not ended, not over, and seen within `idle`."""
    found = session.get(ConsoleSession, digest)
    if found is None or found.ended_at is not None or found.ends_at <= now or found.seen_at + idle <= now:
        return None
    return found


def see(session: Session, digest: str, now: datetime) -> None:
    """Note that a session was used."""
    session.connection().execute(update(ConsoleSession).where(_is(digest)).values(seen_at=now))


def end(session: Session, digest: str, now: datetime) -> None:
    """End one session."""
    lasting = update(ConsoleSession).where(_is(digest), col(ConsoleSession.ended_at).is_(None))
    session.connection().execute(lasting.values(ended_at=now))


def end_all(session: Session, issuer: str, subject: str, now: datetime) -> int:
    """End all sessions of a login; return how many there were."""
    mine = (col(ConsoleSession.issuer) == issuer, col(ConsoleSession.subject) == subject)
    lasting = update(ConsoleSession).where(*mine, col(ConsoleSession.ended_at).is_(None))
    return session.connection().execute(lasting.values(ended_at=now)).rowcount


def _is(digest: str) -> ColumnElement[bool]:
    return col(ConsoleSession.digest) == digest
