"""What people edit in FYI, until XPM has it, and the calls that bring it there.

Values are texts as `xpm.store.push.values` writes them, so that two sides can be compared; `None` is an empty field.
"""

import datetime as dt

from sqlalchemy import Index, column
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf, UtcDateTime
from xpm.store.tables.history import ChangeId
from xpm.store.tables.schema import StoreTable, TenantScoped
from xpm.store.vocabulary import CallOutcome, EditState

_IS_OPEN = column("closed_at").is_(None)
_FIELD = ("practice", "tenant_id", "record_table", "record_key", "field")


class PendingEdit(StoreTable, table=True):
    """A field that a person changed in FYI. It is open until XPM has the value, or the edit is withdrawn.

    `base` is what XPM had when the first edit was made, `ours` what FYI has, and `theirs` what XPM had when it was last
    seen to differ from both. `field` is a column of the record's table, a custom field's UUID, or a time entry's id.
    `origin` names the act (one form, one file, one revert) that the edit came with.
    """

    __tablename__ = "pending_edit"
    __table_args__ = (
        Index("uq_pending_edit_open", *_FIELD, unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index(None, "practice", "tenant_id", "record_table", "record_key"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=ChangeId)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    record_table: str  # the name of an `xpm.store.records.kinds.RecordTable`, or TIME
    record_key: str
    field: str
    base: str | None = None
    ours: str | None = None
    theirs: str | None = None
    theirs_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # None: XPM is not known to differ
    origin: str
    made_by: str
    made_at: dt.datetime = Field(sa_type=UtcDateTime)
    state: EditState = Field(sa_type=OneOf(EditState))
    reason_key: str | None = None
    reason_text: str | None = None  # XPM's own sentence
    attempts: int = 0
    call_id: str | None = None
    closed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class EditTransition(StoreTable, table=True):
    """One step in an edit's life: the log of what was sent, when, by which call, and how it ended."""

    __tablename__ = "edit_transition"
    __table_args__ = (Index(None, "edit_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=ChangeId)
    edit_id: int = Field(foreign_key="pending_edit.id", sa_type=ChangeId)
    at: dt.datetime = Field(sa_type=UtcDateTime)
    state: EditState = Field(sa_type=OneOf(EditState))
    value: str | None = None  # what FYI had then
    theirs: str | None = None  # what XPM had then, if it was known to differ
    person: str | None = None  # None: a run
    call_id: str | None = None
    reason_key: str | None = None
    reason_text: str | None = None


class PushCall(StoreTable, table=True):
    """A call that writes to XPM. The row is committed before the call is made, so that no call is ever forgotten."""

    __tablename__ = "push_call"
    __table_args__ = (Index(None, "practice", "tenant_id", "outcome"),)

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    tenant_id: str
    endpoint: str
    record_table: str
    record_key: str
    body_digest: str  # SHA-256, hexadecimal; the body itself is not kept
    generation: int  # of the lease under which it was made
    number: int  # grows with every call for the account
    intended_at: dt.datetime = Field(sa_type=UtcDateTime)
    seen_before: list[str] | None = Field(default=None, sa_type=Json)  # XPM's time entries that were equal before
    answered_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: CallOutcome | None = Field(default=None, sa_type=OneOf(CallOutcome))
    status: int | None = None
    correlation_id: str | None = None
    reason_key: str | None = None
    reason_text: str | None = None


class PushPause(TenantScoped, table=True):
    """An endpoint that refused several calls in a row for the same reason. Nothing is sent there until it is lifted."""

    __tablename__ = "push_pause"

    endpoint: str = Field(primary_key=True)
    reason_key: str
    since: dt.datetime = Field(sa_type=UtcDateTime)


class TimeEntry(TenantScoped, table=True):
    """Time that somebody recorded in FYI for a job. `xpm_uuid` is XPM's key of it, once XPM has it."""

    __tablename__ = "time_entry"

    id: str = Field(primary_key=True)
    job_key: str
    task_uuid: str
    staff_uuid: str
    date: dt.date
    minutes: int
    note: str | None = None
    made_by: str
    made_at: dt.datetime = Field(sa_type=UtcDateTime)
    xpm_uuid: str | None = None


class JobStateCode(TenantScoped, table=True):
    """The code by which XPM takes a job state. XPM gives apps the names of states only."""

    __tablename__ = "job_state_code"

    name: str = Field(primary_key=True)
    code: str
