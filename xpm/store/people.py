"""The people of a practice in FYI, matched by email address in any letter case."""

import datetime as dt
import uuid

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from xpm.store.errors import AlreadyThere, UnknownPerson
from xpm.store.tables import FyiUser, Staff

CHANGEABLE = frozenset({"name", "email", "is_admin", "is_active", "leaving_on", "xero_userid", "gets_news"})


def add(
    session: Session,
    practice: str,
    email: str,
    name: str,
    *,
    is_admin: bool = False,
    is_active: bool = True,
    leaving_on: dt.date | None = None,
    xero_userid: str | None = None,
) -> FyiUser:
    """Add a person. Raises AlreadyThere if the practice has this address."""
    if by_email(session, practice, email):
        raise AlreadyThere(f"{practice}: {matched(email)}")
    user = FyiUser(
        id=str(uuid.uuid4()),
        practice=practice,
        email=matched(email),
        name=name,
        is_admin=is_admin,
        is_active=is_active,
        leaving_on=leaving_on,
        xero_userid=xero_userid,
    )
    session.add(user)
    session.flush()
    return user


def get(session: Session, user_id: str) -> FyiUser:
    """Return one person. Raises UnknownPerson."""
    user = session.get(FyiUser, user_id)
    if user is None:
        raise UnknownPerson(user_id)
    return user


def by_email(session: Session, practice: str, email: str) -> FyiUser | None:
    """Find the person of a practice with this email address."""
    return session.exec(
        select(FyiUser).where(FyiUser.practice == practice, FyiUser.email == matched(email))
    ).one_or_none()


def of(session: Session, practice: str) -> list[FyiUser]:
    """List all people of a practice, by address."""
    return list(session.exec(select(FyiUser).where(FyiUser.practice == practice).order_by(FyiUser.email)))


def in_xpm(session: Session, practice: str, tenant_id: str) -> list[Staff]:
    """List the practice's staff in this account, as last synchronised, without those removed from XPM."""
    staff = select(Staff).where(Staff.practice == practice, Staff.tenant_id == tenant_id)
    return list(session.exec(staff.where(col(Staff.archived_at).is_(None))))


def staff_of(session: Session, practice: str) -> list[Staff]:
    """List the practice's staff in FYI by name, without those removed from XPM."""
    staff = select(Staff).where(Staff.practice == practice, col(Staff.archived_at).is_(None))
    return list(session.exec(staff.order_by(col(Staff.name), col(Staff.uuid))))


def update(session: Session, user_id: str, **changes: str | bool | dt.date | None) -> FyiUser:
    """Change the named fields.

    Raises UnknownPerson, AlreadyThere for a taken address, and KeyError for an unknown field.
    """
    if unknown := changes.keys() - CHANGEABLE:
        raise KeyError(", ".join(sorted(unknown)))
    user = get(session, user_id)
    for name, value in changes.items():
        setattr(user, name, matched(str(value)) if name == "email" else value)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyThere(f"{user.practice}: {changes.get('email')}") from error
    return user


def matched(email: str) -> str:
    """Return an address as it is stored and compared: people are matched in any letter case."""
    return email.strip().lower()
