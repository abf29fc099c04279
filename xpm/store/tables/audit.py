"""The audit trail: its lines, each linked to the one before, and the head that says where the trail begins and ends."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from xpm.store.engine.columns import Json, UtcDateTime
from xpm.store.tables.schema import StoreTable

SettingValue = str | int | bool | None
"""A setting, as the trail keeps it. No fractions: the databases would not return them exactly as they were hashed."""


class AuditEntry(StoreTable, table=True):
    """One line. The database refuses to change it, and to delete it before its time (revision r0014).

    Words of closed lists are plain text here, so that a line that was tampered with can still be read and reported.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "practice", "id"),)

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})  # without gaps
    at: datetime = Field(sa_type=UtcDateTime)
    actor_kind: str  # an `ActorKind`
    actor: str  # email address, or account of the operating system; empty if nobody is known
    session: str | None = None  # the first characters of the session's digest
    address: str | None = None
    flow_run_id: str | None = None
    named: str | None = None  # a person whom a run or an option names, without a login
    action: str  # an `Action`
    practice: str | None = None  # as it was given, so no foreign key: it may not exist
    resource: str | None = None
    before: dict[str, SettingValue] | None = Field(default=None, sa_type=Json)
    after: dict[str, SettingValue] | None = Field(default=None, sa_type=Json)
    outcome: str  # an `AuditOutcome`
    detail: str | None = None  # the key of a sentence, or the name of an error
    previous_hash: str
    hash: str
    key_id: str  # which key signed the hash
    signature: str


class AuditHead(StoreTable, table=True):
    """Where the trail begins and ends. One row, signed, so that a removed last line shows.

    Lines up to `anchor_id` were removed because of their age. Whoever appends a line locks this row.
    """

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    anchor_id: int = Field(sa_type=BigInteger)
    anchor_hash: str
    last_id: int = Field(sa_type=BigInteger)
    last_hash: str
    key_id: str
    signature: str
