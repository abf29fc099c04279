"""What the product did: runs, records it could not read, Practice Activity, and who holds which lease."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf, UtcDateTime
from xpm.store.tables.schema import StoreTable, TenantScoped
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode, SyncTrigger, Topic


class SyncRun(StoreTable, table=True):
    """One sync of one entity. Source and stored count are compared at the end of every full run."""

    __tablename__ = "sync_run"
    __table_args__ = (Index(None, "practice", "entity", "started_at"),)

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    entity: str
    mode: SyncMode = Field(sa_type=OneOf(SyncMode))
    trigger: SyncTrigger = Field(sa_type=OneOf(SyncTrigger))
    status: RunStatus = Field(default=RunStatus.RUNNING, sa_type=OneOf(RunStatus))
    reason_key: str | None = None
    person: str | None = None
    flow_run_id: str | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    source_count: int | None = None
    stored_count: int | None = None
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    removed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # by a revert: what had been added
    quarantined: int = 0
    calls: int = 0
    bytes: int = Field(default=0, sa_type=BigInteger)
    predicted_calls: int | None = None  # none: nothing was known to predict from
    predicted_bytes: int | None = Field(default=None, sa_type=BigInteger)
    watermark: datetime | None = Field(default=None, sa_type=UtcDateTime)  # changes up to here are stored
    resumes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # of a parked run: when Xero allows more


class FinishedList(TenantScoped, table=True):
    """A list of XPM's that a run read to its end, with the keys it had, until that run or its retry has ended well.

    `keys` are joined by line breaks and compressed: nothing ever looks for one of them alone.
    """

    __tablename__ = "finished_list"

    entity: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="sync_run.id")
    at: datetime = Field(sa_type=UtcDateTime)
    server_time: datetime | None = Field(default=None, sa_type=UtcDateTime)  # Xero's clock at the first answer
    keys: bytes = Field(repr=False)
    left_out: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # records that FYI does not want


class Quarantine(StoreTable, table=True):
    """A record that could not be read, with its reason and what XPM sent, until it is resolved."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "practice", "tenant_id", "entity", "record_key"),)

    id: int | None = Field(default=None, primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    entity: str
    record_key: str | None = None  # none where not even the key could be read
    reason: str
    payload: str
    run_id: str | None = Field(default=None, foreign_key="sync_run.id")
    at: datetime = Field(sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UnknownElement(TenantScoped, table=True):
    """Something in XPM's records that no model names, as it was first seen; told once."""

    __tablename__ = "unknown_element"

    record_table: str = Field(primary_key=True)  # the name of an `xpm.store.records.kinds.RecordTable`
    path: str = Field(primary_key=True)  # elements from the record down, or the heading of a column
    count: int  # how often, in the run that saw it first
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
    search_text: str = Field(repr=False)  # title, detail, next step and person, case-folded: both databases find alike


class LeaseRow(StoreTable, table=True):
    """Who may do a thing that one process at a time may do. The row outlives its holders: the generation only grows."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str | None = None  # none: free
    generation: int
    expires_at: datetime = Field(sa_type=UtcDateTime)
