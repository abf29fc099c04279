"""What was done to each record: by whom, when, and how it was before."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, Table
from sqlmodel import Field

from xpm.store.engine.columns import OneOf, UtcDateTime
from xpm.store.tables.schema import StoreTable
from xpm.store.vocabulary import ChangeKind

ChangeId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only what it calls INTEGER


class RecordChange(StoreTable, table=True):
    """One change of one record. How the record was before stands in the tables made by `before_table`."""

    __tablename__ = "record_change"
    __table_args__ = (
        Index(None, "record_key", "record_table", "tenant_id", "practice"),  # a key is looked for before its practice
        Index(None, "run_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=ChangeId)
    practice: str
    tenant_id: str
    record_table: str  # the name of an `xpm.store.records.kinds.RecordTable`
    record_key: str
    kind: ChangeKind = Field(sa_type=OneOf(ChangeKind))
    run_id: str | None = None  # none: a person did it in FYI
    person: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    restores: int | None = Field(default=None, sa_type=ChangeId)  # of a revert: the change it takes back


def before_table(table: Table, *within: str) -> Table:
    """Make the table that keeps rows of `table` as they were before a change.

    `within`: the columns that tell the rows of one record apart. Types are the original's own, so that rows go there
    and back unchanged by the database alone.
    """
    columns = (
        Column(column.name, column.type, primary_key=column.name in within, nullable=column.nullable)
        for column in table.columns
    )
    change = Column("change_id", ChangeId, primary_key=True, autoincrement=False)
    return Table(f"{table.name}_before", StoreTable.metadata, change, *columns)
