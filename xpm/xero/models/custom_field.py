"""Custom fields: the definitions (`customfield.api`) and the values, one record per call (`…/customfield`)."""

from pydantic import Field

from xpm.xero.models.record import XpmRecord
from xpm.xero.models.scalars import Amount, Flag, LocalDate, Uuid


class CustomFieldDefinition(XpmRecord):
    """A field that the practice defined. `type` is display text; `value_element` is the element of its values."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    type: str | None = None
    link_url: str | None = None
    options: str | None = None
    use_client: Flag = False
    use_contact: Flag = False
    use_job: Flag = False
    use_job_task: Flag = False
    use_job_cost: Flag = False
    use_job_time: Flag = False
    value_element: str | None = None  # Text, Decimal, Number, Boolean or Date


class CustomFieldValue(XpmRecord):
    """One value of one record, in exactly one of the last five elements.

    Fields without a value are not sent. A missing checkbox means no; any other missing field was cleared.
    """

    uuid: Uuid = Field(alias="UUID")  # of the definition
    name: str | None = None
    text: str | None = None
    date: LocalDate | None = None
    number: Amount | None = None
    decimal: Amount | None = None
    boolean: Flag | None = None
