"""The tokens by which programs of FYI use the API."""

from datetime import date, datetime

from sqlalchemy import Index, column
from sqlmodel import Field

from xpm.store.engine.columns import UtcDateTime
from xpm.store.tables.schema import StoreTable

_IS_KEPT = column("revoked_at").is_(None)


class ApiToken(StoreTable, table=True):
    """A token for one practice. Only its digest is stored. A name belongs to one token that is not revoked."""

    __tablename__ = "api_token"
    __table_args__ = (
        Index("uq_api_token_name", "practice", "name", unique=True, sqlite_where=_IS_KEPT, postgresql_where=_IS_KEPT),
    )

    digest: str = Field(primary_key=True)  # SHA-256, hexadecimal
    practice: str = Field(foreign_key="practice.slug")
    name: str
    may_edit: bool
    made_by: str  # an account of the operating system
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_on: date | None = None  # in UTC
