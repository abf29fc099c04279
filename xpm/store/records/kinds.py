"""Which tables a record of each kind fills, and with which columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from sqlalchemy import Table

from xpm.store import tables
from xpm.store.tables import StoreTable, before_table
from xpm.store.vocabulary import FyiStatus, OwnerKind

SCOPE = ("practice", "tenant_id")
BOOKKEEPING = frozenset(tables.SyncedRecord.model_fields)


def _table(model: type[StoreTable]) -> Table:
    return StoreTable.metadata.tables[str(model.__tablename__)]


@cache  # two kinds of record may share a table
def _before(table: Table, *owner: str) -> Table:
    return before_table(table, *(column.name for column in table.primary_key if column.name not in {*SCOPE, *owner}))


@dataclass(frozen=True)
class Part:
    """One of the tables that a record fills, the column that names the record there, and the table of former rows."""

    table: Table
    key: str
    before: Table


@dataclass(frozen=True)
class OwnedTable:
    """Rows that belong to one record. They are replaced as a whole when the record changes."""

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
    """Records that several others refer to through an owned table and its column (`via`). The last one written wins."""

    records: "RecordTable"
    via: tuple[str, str]

    @property
    def table(self) -> Table:
        """The table of the shared records."""
        return self.records.table

    @property
    def columns(self) -> frozenset[str]:
        """The columns a row must name, including its key."""
        return self.records.columns | {self.records.key}


@dataclass(frozen=True)
class RecordTable:
    """A kind of record: its main table, its key column, and its other tables by name.

    `fixed` narrows the main table and its owned tables to rows with these values. `local` columns are FYI's own: they
    start with these values, and a sync never writes them again. `number` is the column by which people and XPM's
    addresses name a record, if that is not the key. `of` is the kind of record that these records belong to.
    """

    name: str
    table: Table
    key: str
    owned: Mapping[str, OwnedTable] = field(default_factory=dict)
    shared: Mapping[str, SharedTable] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, object] = field(default_factory=dict)
    number: str | None = None
    of: "RecordTable | None" = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns a row must name."""
        return frozenset(self.table.columns.keys()) - BOOKKEEPING - {self.key, *self.fixed, *self.local}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The main table and the owned tables."""
        keys = [(self.table, self.key), *((child.table, child.owner_key) for child in self.owned.values())]
        return tuple(Part(table, key, _before(table, key, *self.fixed)) for table, key in keys)


def _custom_fields(kind: OwnerKind, of: RecordTable) -> RecordTable:
    values = OwnedTable(_table(tables.CustomFieldValue), "owner_key", None, frozenset({"owner_kind"}))
    return RecordTable(
        f"{kind}_custom_fields",
        _table(tables.CustomFieldOwner),
        "owner_key",
        owned={"custom_field_value": values},
        fixed={"owner_kind": kind.value},
        of=of,
    )


CONTACTS = RecordTable("contact", _table(tables.Contact), "uuid")
"""People at clients. They are only ever written together with a client."""

CLIENTS = RecordTable(
    "client",
    _table(tables.Client),
    "uuid",
    owned={
        "client_contact": OwnedTable(_table(tables.ClientContact), "client_uuid", "position_in_list"),
        "client_group_member": OwnedTable(_table(tables.ClientGroupMember), "client_uuid", "ordinal"),
        "client_relationship": OwnedTable(_table(tables.ClientRelationship), "client_uuid", "ordinal"),
    },
    shared={"contact": SharedTable(CONTACTS, via=("client_contact", "contact_uuid"))},
)
CLIENT_GROUPS = RecordTable("client_group", _table(tables.ClientGroup), "uuid")
JOBS = RecordTable("job", _table(tables.Job), "key", number="number")
JOB_CATEGORIES = RecordTable("job_category", _table(tables.JobCategory), "uuid")
STAFF = RecordTable("staff", _table(tables.Staff), "uuid", local={"fyi_status": FyiStatus.INACTIVE})
CUSTOM_FIELD_DEFINITIONS = RecordTable("custom_field_definition", _table(tables.CustomFieldDefinition), "uuid")
CLIENT_CUSTOM_FIELDS = _custom_fields(OwnerKind.CLIENT, CLIENTS)
JOB_CUSTOM_FIELDS = _custom_fields(OwnerKind.JOB, JOBS)
TAX_RETURNS = RecordTable("tax_return", _table(tables.TaxReturn), "return_id")

ALL = {
    table.name: table
    for table in (
        CLIENTS,
        CONTACTS,
        CLIENT_GROUPS,
        JOBS,
        JOB_CATEGORIES,
        STAFF,
        CUSTOM_FIELD_DEFINITIONS,
        CLIENT_CUSTOM_FIELDS,
        JOB_CUSTOM_FIELDS,
        TAX_RETURNS,
    )
}
"""Every kind of record, by the name that the history uses."""

FORMER_ROWS = {part.before.name: part.table.name for table in ALL.values() for part in table.parts}
"""The tables of former rows, each with the table whose rows it keeps."""

SCHEMA = StoreTable.metadata
"""The whole schema, complete once the tables above are made."""
