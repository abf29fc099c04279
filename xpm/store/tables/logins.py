"""Who may log in to the console: logins, what they are bound to, links, and sessions."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from xpm.store.engine.columns import UtcDateTime
from xpm.store.tables.schema import StoreTable


class Login(StoreTable, table=True):
    """Somebody whom an issuer knows by `subject`. `email` is empty unless it was proven (OpenID Connect Core §5.7)."""

    __tablename__ = "login"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    email: str | None = None
    name: str
    first_at: datetime = Field(sa_type=UtcDateTime)


class LoginUser(StoreTable, table=True):
    """The FYI users that a login is: at most one in each practice. A user has at most one login of an issuer."""

    __tablename__ = "login_user"
    __table_args__ = (UniqueConstraint("issuer", "user_id"),)

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True, foreign_key="fyi_user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class LoginLink(StoreTable, table=True):
    """A link that logs somebody in once. Only the digest of its token is stored."""

    __tablename__ = "login_link"

    digest: str = Field(primary_key=True)
    email: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ConsoleSession(StoreTable, table=True):
    """One browser that is logged in. Only the digest of its token is stored."""

    __tablename__ = "console_session"

    digest: str = Field(primary_key=True)
    issuer: str
    subject: str
    address: str
    began_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)  # however often it is seen
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
