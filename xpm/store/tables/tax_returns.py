"""Tax returns: links into Xero Tax with their status."""

import datetime as dt
from decimal import Decimal

from sqlmodel import Field

from xpm.store.engine.columns import ExactDecimal
from xpm.store.tables.schema import SyncedRecord


class TaxReturn(SyncedRecord, table=True):
    """An original return of a client. New Zealand returns have only period, status and year."""

    __tablename__ = "tax_return"

    return_id: str = Field(primary_key=True)
    client_uuid: str
    tax_type: str
    year: int
    status: str | None = None
    period_from: dt.date | None = None
    period_to: dt.date | None = None
    lodged_on: dt.date | None = None
    due_on: dt.date | None = None
    issued_on: dt.date | None = None
    estimated_income: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    assessed_income: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    estimated_payable: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    assessed_payable: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    web_url: str | None = None
