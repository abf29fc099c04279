"""Tax returns: a link into Xero Tax with its status, never a copy of the return."""

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from xpm.xero.models.record import XpmRecord
from xpm.xero.models.scalars import Amount, Key, LocalDate, Text, WholeNumber


class TaxReturn(XpmRecord):
    """An original return; amendments show only behind its link. New Zealand has period, status and year only."""

    model_config = ConfigDict(alias_generator=to_camel)

    client_uuid: Text
    tax_type: Text
    year: WholeNumber
    status: Text | None = None  # Draft, Approved, To Sign, Filed …, in Xero Tax's words
    period_from: LocalDate | None = None
    period_to: LocalDate | None = None
    lodged_on: LocalDate | None = None
    due_on: LocalDate | None = None
    issued_on: LocalDate | None = None
    estimated_income: Amount | None = None
    assessed_income: Amount | None = None
    estimated_payable: Amount | None = None  # negative: refundable
    assessed_payable: Amount | None = None
    web_url: Text | None = None
    return_id: Key = Field(alias="returnId")
