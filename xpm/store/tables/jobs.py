"""Jobs and job categories, as XPM has them."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field

from xpm.store.engine.columns import ExactDecimal, Json, UtcDateTime
from xpm.store.tables.parts import AssignedStaffPart, JobNotePart, MilestonePart, TaskPart
from xpm.store.tables.schema import SyncedRecord, TenantScoped, archived


class Job(SyncedRecord, table=True):
    """A job. `key` is its UUID, or its number as long as XPM has not given one; people may change the number in XPM."""

    __tablename__ = "job"
    __table_args__ = (
        Index(None, "number", "tenant_id", "practice"),  # number first: it may be sought in any scope
        archived("key"),
    )

    key: str = Field(primary_key=True)
    number: str  # by which people and XPM's addresses name it
    uuid: str | None = None
    name: str | None = None
    description: str | None = None
    state: str | None = None
    type: str | None = None
    client_order_number: str | None = None
    budget: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    start_date: dt.date | None = None
    due_date: dt.date | None = None
    completed_date: dt.date | None = None
    client_uuid: str | None = None
    client_name: str | None = None
    contact_uuid: str | None = None
    contact_name: str | None = None
    manager_uuid: str | None = None
    manager_name: str | None = None
    partner_uuid: str | None = None
    partner_name: str | None = None
    assigned: list[AssignedStaffPart] = Field(default_factory=list, sa_type=Json)
    tasks: list[TaskPart] = Field(default_factory=list, sa_type=Json)
    milestones: list[MilestonePart] = Field(default_factory=list, sa_type=Json)
    notes: list[JobNotePart] = Field(default_factory=list, sa_type=Json)
    web_url: str | None = None


class CurrentJob(TenantScoped, table=True):
    """A job in XPM's list of current jobs when it was last read. Kept apart, since listing does not change the job."""

    __tablename__ = "current_job"

    key: str = Field(primary_key=True)


class JobCheck(TenantScoped, table=True):
    """Where XPM last listed a job, and when it last answered for it. Kept apart, since a check changes no job."""

    __tablename__ = "job_check"

    key: str = Field(primary_key=True)
    created_from: dt.date | None = None  # first day of the creation window that lists the job, if any
    verified_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # when XPM was last asked for this job


class JobCategory(SyncedRecord, table=True):
    """A job category of the practice; `Job.type` names one."""

    __tablename__ = "job_category"

    uuid: str = Field(primary_key=True)
    name: str | None = None
