"""Links that log somebody in once. Only a digest of the link's token is stored."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from xpm.store.access.sessions import digest_of
from xpm.store.people import matched
from xpm.store.tables import LoginLink


def add(session: Session, token: str, email: str, *, ends_at: datetime, now: datetime) -> None:
    """Store a link."""
    session.add(LoginLink(digest=digest_of(token), email=matched(email), made_at=now, ends_at=ends_at))


def use(session: Session, token: str, now: datetime) -> str | None:
    """Use a link up and return its address, or None if it is unknown, used or over. Of two at once, one gets it."""
    mine = col(LoginLink.digest) == digest_of(token)
    unused = update(LoginLink).where(mine, col(LoginLink.used_at).is_(None), col(LoginLink.ends_at) > now)
    used = session.connection().execute(unused.values(used_at=now).returning(col(LoginLink.email))).scalar()
    return str(used) if used else None
