"""What all processes together may still ask of Xero, and what they have asked."""

import datetime as dt

from sqlalchemy import BigInteger
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf
from xpm.store.tables.schema import JsonObject, StoreTable
from xpm.store.vocabulary import CallPriority


class TenantAllowance(StoreTable, table=True):
    """A tenant's calls under way and lately begun, and what Xero said is left. Every caller locks the row."""

    __tablename__ = "tenant_allowance"

    tenant_id: str = Field(primary_key=True)
    state: JsonObject = Field(sa_type=Json)


class CallTally(StoreTable, table=True):
    """A day's calls and bytes (UTC) by priority. Xero charges for the bytes that leave it."""

    __tablename__ = "call_tally"

    tenant_id: str = Field(primary_key=True)
    day: dt.date = Field(primary_key=True)
    priority: CallPriority = Field(primary_key=True, sa_type=OneOf(CallPriority))
    calls: int
    bytes: int = Field(sa_type=BigInteger)
