"""Practices, their settings and the people who work there."""

import datetime as dt

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field

from xpm.store.engine.columns import UtcDateTime
from xpm.store.tables.schema import StoreTable


class Practice(StoreTable, table=True):
    """An FYI customer. The slug is our key for it everywhere."""

    __tablename__ = "practice"

    slug: str = Field(primary_key=True)
    name: str
    country: str  # ISO 3166 alpha-2: AU, NZ, GB …
    time_zone: str  # IANA name; schedules use this zone
    history_start: dt.date  # how far back jobs are pulled
    created_at: dt.datetime = Field(sa_type=UtcDateTime)


class IntegrationSettings(StoreTable, table=True):
    """The settings of FYI's XPM and Xero Tax apps, with FYI's defaults."""

    __tablename__ = "integration_settings"

    practice: str = Field(primary_key=True, foreign_key="practice.slug")
    maintain_jobs: bool = False
    sync_custom_fields: bool = True
    maintain_invoices: bool = False  # stored for a later release; has no effect yet
    import_tax_assessments: bool  # on for Australia and New Zealand, the only countries with tax returns
    include_archived_clients: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    updated_at: dt.datetime = Field(sa_type=UtcDateTime)
    updated_by: str | None = None


class FyiUser(StoreTable, table=True):
    """A person of the practice in FYI. The email address is in lower case, since people are matched by it."""

    __tablename__ = "fyi_user"
    __table_args__ = (UniqueConstraint("practice", "email"),)

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    email: str
    name: str
    is_admin: bool = False
    is_active: bool = True
    leaving_on: dt.date | None = None
    xero_userid: str | None = None
    gets_news: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
