"""Staff members (`staff.api`)."""

from pydantic import Field

from xpm.xero.models.record import XpmRecord
from xpm.xero.models.scalars import Uuid


class Staff(XpmRecord):
    """A staff member. No element says whether one is active; a deleted one leaves the list."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    address: str | None = None
    payroll_code: str | None = None
    web_url: str | None = None
