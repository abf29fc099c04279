"""What the product did: runs, quarantined records, Practice Activity, and leases."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf, UtcDateTime
from xpm.store.tables.schema import StoreTable, TenantScoped
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger, Topic


class SyncRun(StoreTable, table=True):
    """The run of one entity. Source and stored count are compared at the end of every full run."""

    __tablename__ = "sync_run"
    __table_args__ = (Index(None, "practice", "entity", "number"),)

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    entity: str
    number: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # grows with every run of the entity
    mode: SyncMode = Field(sa_type=OneOf(SyncMode))
    trigger: SyncTrigger = Field(sa_type=OneOf(SyncTrigger))
    status: RunStatus = Field(default=RunStatus.RUNNING, sa_type=OneOf(RunStatus))
    reason_key: str | None = None
    person: str | None = None
    xero_userid: str | None = None  # whose login at Xero it used when it began
    flow_run_id: str | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    source_count: int | None = None
    stored_count: int | None = None
    left_out: int | None = None  # XPM's records that FYI does not want, in neither count
    compared: int | None = None  # clients and jobs whose custom field values were compared
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    removed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # records that a revert removed
    quarantined: int = 0
    partly_read: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # stored, but not every part
    calls: int = 0
    bytes: int = Field(default=0, sa_type=BigInteger)
    predicted_calls: int | None = None  # None: there was nothing to predict from
    predicted_bytes: int | None = Field(default=None, sa_type=BigInteger)
    watermark: datetime | None = Field(default=None, sa_type=UtcDateTime)  # XPM's changes before this are stored
    resumes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # for a parked run: when it may continue


class FinishedList(TenantScoped, table=True):
    """One of XPM's lists that a run finished, with its keys. Kept until that run or its retry has ended well.

    `keys` are joined by line breaks and compressed, since no query looks for a single key.
    """

    __tablename__ = "finished_list"

    entity: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="sync_run.id")
    at: datetime = Field(sa_type=UtcDateTime)
    server_time: datetime | None = Field(default=None, sa_type=UtcDateTime)  # Xero's clock when the answer began
    keys: bytes = Field(repr=False)
    left_out: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # records that FYI does not want


class Quarantine(StoreTable, table=True):
    """An unreadable record, or parts of one, with the reason and what XPM sent, until it is resolved."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "practice", "tenant_id", "entity", "record_key"),)

    id: int | None = Field(default=None, primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    entity: str
    record_key: str | None = None  # None: not even the key could be read
    parts: str | None = None  # what was left out of the record, which is stored without it; None: the whole record
    reason: str
    payload: str
    run_id: str | None = Field(default=None, foreign_key="sync_run.id")
    at: datetime = Field(sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UnknownElement(TenantScoped, table=True):
    """An element of XPM's records that no model names, as first seen. It is reported once."""

    __tablename__ = "unknown_element"

    record_table: str = Field(primary_key=True)  # the name of an `xpm.store.records.kinds.RecordTable`
    path: str = Field(primary_key=True)  # elements from the record down, or the heading of a column
    count: int  # how often it occurred in the run that first saw it
    at: datetime = Field(sa_type=UtcDateTime)
    run_id: str = Field(foreign_key="sync_run.id")


class PracticeActivity(StoreTable, table=True):
    """An entry of the log that administrators read. `kind` is the key of its sentence in the catalogue."""

    __tablename__ = "practice_activity"
    __table_args__ = (Index(None, "practice", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    at: datetime = Field(sa_type=UtcDateTime)
    status: ActivityStatus = Field(sa_type=OneOf(ActivityStatus))
    kind: str
    topic: Topic | None = Field(default=None, sa_type=OneOf(Topic))
    title: str
    detail: str | None = None
    next_step: str | None = None
    person: str | None = None
    flow_run_id: str | None = None
    run_id: str | None = Field(default=None, foreign_key="sync_run.id")
    counts: dict[str, int] | None = Field(default=None, sa_type=Json)
    search_text: str = Field(repr=False)  # title, detail, next step, person; case-folded so both databases match alike


class FailedRequest(StoreTable, table=True):
    """How often a request to Xero failed in one run, whoever tried it again. Kept for a day."""

    __tablename__ = "failed_request"

    run: str = Field(primary_key=True)  # the flow run, whose steps may be retried in other programs
    request: str = Field(primary_key=True)  # digest of path and query
    tries: int
    last_at: datetime = Field(sa_type=UtcDateTime)


class LeaseRow(StoreTable, table=True):
    """Who holds a lease. The row outlives its holders, so that the generation only grows."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str | None = None  # None: the lease is free
    generation: int
    signs: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # of life; whoever waits watches them
    last_sign_at: datetime = Field(sa_type=UtcDateTime)  # only shown
