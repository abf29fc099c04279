"""Which tables a record of each entity fills, and with which columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Table

from xpm.store import tables
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import OwnerKind

SCOPE = ("practice", "tenant_id")
BOOKKEEPING = frozenset(tables.SyncedRecord.model_fields)


def _table(model: type[StoreTable]) -> Table:
    return StoreTable.metadata.tables[str(model.__tablename__)]


@dataclass(frozen=True)
class OwnedTable:
    """Rows that live and die with one record: replaced as a whole when the record changes."""

    table: Table
    owner_key: str
    ordinal: str | None  # column that keeps XPM's order, if any
    fixed: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """The columns a row must name."""
        return frozenset(self.table.columns.keys()) - {*SCOPE, self.owner_key, self.ordinal, *self.fixed}


@dataclass(frozen=True)
class SharedTable:
    """Rows that several records name through an owned table and its column (`via`); the last record written wins."""

    table: Table
    via: tuple[str, str]

    @property
    def columns(self) -> frozenset[str]:
        """The columns a row must name."""
        return frozenset(self.table.columns.keys()) - BOOKKEEPING


@dataclass(frozen=True)
class RecordTable:
    """A kind of record: its main table, the column of its key, and the tables beside it by name.

    `fixed` narrows the main table and its owned tables to rows with these values; `local` columns are FYI's own,
    which a sync never writes.
    """

    table: Table
    key: str
    owned: Mapping[str, OwnedTable] = field(default_factory=dict)
    shared: Mapping[str, SharedTable] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    local: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """The columns a row must name."""
        return frozenset(self.table.columns.keys()) - BOOKKEEPING - {self.key, *self.fixed} - self.local


def _custom_fields(kind: OwnerKind) -> RecordTable:
    values = OwnedTable(_table(tables.CustomFieldValue), "owner_key", None, frozenset({"owner_kind"}))
    return RecordTable(
        _table(tables.CustomFieldOwner),
        "owner_key",
        owned={"custom_field_value": values},
        fixed={"owner_kind": kind.value},
        local=frozenset({"compared_at"}),
    )


CLIENTS = RecordTable(
    _table(tables.Client),
    "uuid",
    owned={
        "client_contact": OwnedTable(_table(tables.ClientContact), "client_uuid", "position_in_list"),
        "client_group_member": OwnedTable(_table(tables.ClientGroupMember), "client_uuid", "ordinal"),
        "client_relationship": OwnedTable(_table(tables.ClientRelationship), "client_uuid", "ordinal"),
    },
    shared={"contact": SharedTable(_table(tables.Contact), via=("client_contact", "contact_uuid"))},
)
CLIENT_GROUPS = RecordTable(_table(tables.ClientGroup), "uuid")
JOBS = RecordTable(_table(tables.Job), "number", local=frozenset({"is_current"}))
JOB_CATEGORIES = RecordTable(_table(tables.JobCategory), "uuid")
STAFF = RecordTable(_table(tables.Staff), "uuid", local=frozenset({"fyi_status"}))
CUSTOM_FIELD_DEFINITIONS = RecordTable(_table(tables.CustomFieldDefinition), "uuid")
CLIENT_CUSTOM_FIELDS = _custom_fields(OwnerKind.CLIENT)
JOB_CUSTOM_FIELDS = _custom_fields(OwnerKind.JOB)
TAX_RETURNS = RecordTable(_table(tables.TaxReturn), "return_id")
