"""What all processes together may still ask of Xero, and what they asked."""

import datetime as dt

from sqlalchemy import BigInteger
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf
from xpm.store.tables.schema import JsonObject, StoreTable
from xpm.store.vocabulary import CallPriority


class TenantAllowance(StoreTable, table=True):
    """The calls of one tenant under way and lately begun, and what Xero said is left. Whoever asks locks the row."""

    __tablename__ = "tenant_allowance"

    tenant_id: str = Field(primary_key=True)
    state: JsonObject = Field(sa_type=Json)


class CallTally(StoreTable, table=True):
    """Calls and bytes of a day (UTC) by who they were for: Xero charges for what leaves it."""

    __tablename__ = "call_tally"

    tenant_id: str = Field(primary_key=True)
    day: dt.date = Field(primary_key=True)
    priority: CallPriority = Field(primary_key=True, sa_type=OneOf(CallPriority))
    calls: int
    bytes: int = Field(sa_type=BigInteger)
