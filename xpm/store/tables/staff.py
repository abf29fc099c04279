"""Staff members, as XPM has them."""

from sqlmodel import Field

from xpm.store.engine.columns import OneOf
from xpm.store.tables.schema import SyncedRecord
from xpm.store.vocabulary import FyiStatus


class Staff(SyncedRecord, table=True):
    """A staff member. `fyi_status` is FYI's own: a sync sets it when the person first arrives and never again."""

    __tablename__ = "staff"

    uuid: str = Field(primary_key=True)
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    address: str | None = None
    payroll_code: str | None = None
    web_url: str | None = None
    fyi_status: FyiStatus = Field(default=FyiStatus.INACTIVE, sa_type=OneOf(FyiStatus))
