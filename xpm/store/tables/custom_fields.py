"""Custom fields: the practice's definitions, and the values of clients and jobs."""

import datetime as dt
from decimal import Decimal

from sqlmodel import Field

from xpm.store.engine.columns import ExactDecimal, OneOf, UtcDateTime
from xpm.store.tables.schema import SyncedRecord, TenantScoped
from xpm.store.vocabulary import OwnerKind


class CustomFieldDefinition(SyncedRecord, table=True):
    """A custom field that the practice defined."""

    __tablename__ = "custom_field_definition"

    uuid: str = Field(primary_key=True)
    name: str | None = None
    type: str | None = None
    link_url: str | None = None
    options: str | None = None
    use_client: bool = False
    use_contact: bool = False
    use_job: bool = False
    use_job_task: bool = False
    use_job_cost: bool = False
    use_job_time: bool = False
    value_element: str | None = None


class CustomFieldOwner(SyncedRecord, table=True):
    """A client or job, by its key, that has custom field values."""

    __tablename__ = "custom_field_owner"

    owner_kind: OwnerKind = Field(primary_key=True, sa_type=OneOf(OwnerKind))
    owner_key: str = Field(primary_key=True)


class CustomFieldComparison(TenantScoped, table=True):
    """When one owner's values were last compared with XPM. Kept apart, since a comparison does not change a value."""

    __tablename__ = "custom_field_comparison"

    owner_kind: OwnerKind = Field(primary_key=True, sa_type=OneOf(OwnerKind))
    owner_key: str = Field(primary_key=True)
    compared_at: dt.datetime = Field(sa_type=UtcDateTime)


class CustomFieldValue(TenantScoped, table=True):
    """One value of one owner, in one of the last five columns. A field without a row was never set, or was cleared."""

    __tablename__ = "custom_field_value"

    owner_kind: OwnerKind = Field(primary_key=True, sa_type=OneOf(OwnerKind))
    owner_key: str = Field(primary_key=True)
    definition_uuid: str = Field(primary_key=True)
    name: str | None = None
    text: str | None = None
    date: dt.date | None = None
    number: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    decimal: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    boolean: bool | None = None
