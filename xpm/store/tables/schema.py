"""What all tables share: their metadata, and the bookkeeping of records that came from XPM."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, MetaData, column
from sqlmodel import Field, SQLModel

from xpm.store.engine.columns import OneOf, UtcDateTime
from xpm.store.vocabulary import ArchiveReason

JsonObject = dict[str, object]
"""A JSON object whose shape is up to its writer."""


class StoreTable(SQLModel):
    """A table of this store. It has metadata of its own, so that other users of SQLModel never mix in."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={  # Alembic can only drop constraints that have names
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )


def archived(key: str) -> Index:
    """The index of the archived records of a long list. It costs the others, which are most, nothing."""
    is_archived = column("archived_reason").is_not(None)
    columns = ("practice", "tenant_id", "archived_reason", key)
    return Index(None, *columns, sqlite_where=is_archived, postgresql_where=is_archived)


class TenantScoped(StoreTable):
    """Anything with a Xero key. Two practices, or two tenants of one practice, never share a row."""

    practice: str = Field(primary_key=True)
    tenant_id: str = Field(primary_key=True)


class Timestamped(TenantScoped):
    """When a row was first synced, and when and by which run it was last changed."""

    first_synced_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by_run: str | None = None


class SyncedRecord(Timestamped):
    """Bookkeeping of a main record. `content_hash` is the digest of what was read; if it is equal, nothing is written.

    `sent_digest` is the digest of everything that XPM sent when the record was last read; if it is equal, the record
    need not even be read.
    """

    content_hash: bytes
    sent_digest: bytes | None = None
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    archived_reason: ArchiveReason | None = Field(default=None, sa_type=OneOf(ArchiveReason))
