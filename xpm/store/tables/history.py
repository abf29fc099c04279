"""What was done to each record: by whom, when, and how it was before."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, Table
from sqlmodel import Field

from xpm.store.engine.columns import OneOf, UtcDateTime
from xpm.store.tables.schema import StoreTable
from xpm.store.vocabulary import ChangeKind

ChangeId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite autoincrements only INTEGER columns


class RecordChange(StoreTable, table=True):
    """One change of one record. The record's former rows are in the tables made by `before_table`."""

    __tablename__ = "record_change"
    __table_args__ = (
        Index(None, "record_key", "record_table", "tenant_id", "practice"),  # key first: it may be sought in any scope
        Index(None, "run_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=ChangeId)
    practice: str
    tenant_id: str
    record_table: str  # the name of an `xpm.store.records.kinds.RecordTable`
    record_key: str
    kind: ChangeKind = Field(sa_type=OneOf(ChangeKind))
    run_id: str | None = None  # None: a person made the change in FYI
    person: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    restores: int | None = Field(default=None, sa_type=ChangeId)  # for a revert: the change that it takes back


def before_table(table: Table, *within: str) -> Table:
    """Make the table that keeps former rows of `table`, as they were before a change.

    `within`: the columns that tell the rows of one record apart. The column types are the same as in `table`, so that
    the database can copy rows there and back unchanged.
    """
    columns = (
        Column(column.name, column.type, primary_key=column.name in within, nullable=column.nullable)
        for column in table.columns
    )
    change = Column("change_id", ChangeId, primary_key=True, autoincrement=False)
    return Table(f"{table.name}_before", StoreTable.metadata, change, *columns)
