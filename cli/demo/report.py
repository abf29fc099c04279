"""What the unattended demo shows at the end: Practice Activity, and both sides compared field by field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from cli.demo.stage import PRACTICE
from xpm.entities.rows import client_row, field_values_row, job_row, tax_return_row, uuid_row
from xpm.integration import Integration
from xpm.pull.comparison import Difference, differences
from xpm.store.consent import connections
from xpm.store.records import bulk, kinds, reads
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.xero.models import (
    Category,
    Client,
    ClientGroup,
    CustomFieldDefinition,
    CustomFieldValue,
    Job,
    Staff,
    TaxReturn,
)

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of record: FYI's table, the sandbox's name for it, and how one becomes rows.

    `of`: only the rows of current records of this table are expected, since archived ones are not read any more. What
    was archived before FYI knew it is not expected either, as long as the practice leaves it out.
    """

    title: str
    table: RecordTable
    records: str
    to_row: Callable[[Json], Iterator[RecordRow]]
    of: RecordTable | None = None


@dataclass(frozen=True)
class Compared:
    """One kind of record on both sides."""

    kind: str
    source: int
    stored: int
    differences: Sequence[Difference]


def compare(integration: Integration, sandbox: str) -> list[Compared]:
    """Compare what the sandbox has, in its own words, with what FYI has stored."""
    with integration.database.read() as session:
        tenant = connections.get(session, PRACTICE).tenant_id or ""
        return [_compare(session, Scope(PRACTICE, tenant), kind, sandbox) for kind in KINDS]


def _compare(session: Session, scope: Scope, kind: Kind, sandbox: str) -> Compared:
    truth = httpx.get(f"{sandbox}/sandbox/tenants/{scope.tenant_id}/records/{kind.records}", timeout=60).json()
    rows = [row for record in truth for row in kind.to_row(record)]
    if kind.of is not None:
        current = set(bulk.active_keys(session, kind.of, scope))
        rows = [row for row in rows if row.key in current]
    stored = set(reads.keys_present(session, kind.table, scope))
    rows = [row for row in rows if row.key in stored or row.archived is None]
    return Compared(kind.title, len(rows), len(stored), list(differences(session, kind.table, scope, rows)))


def compared_table(compared: Sequence[Compared]) -> Table:
    """Both sides as a table for the terminal."""
    table = Table("", "In Xero", "In FYI", "Fields that differ", title="Xero Practice Manager and FYI")
    for one in compared:
        mark = Text(f"{len(one.differences)}", "red" if one.differences else "green")
        table.add_row(one.kind, f"{one.source}", f"{one.stored}", mark)
    return table


def _of(model: Any, to_row: Callable[[Any], RecordRow]) -> Callable[[Json], Iterator[RecordRow]]:  # noqa: ANN401
    def rows(record: Json) -> Iterator[RecordRow]:
        given = {name: value for name, value in record.items() if value is not None}
        yield to_row(model.model_validate(given))

    return rows


def _values_of(owner: str) -> Callable[[Json], Iterator[RecordRow]]:
    def rows(record: Json) -> Iterator[RecordRow]:
        if record["owner"] == owner:
            yield field_values_row(record["key"], [CustomFieldValue.model_validate(one) for one in record["values"]])

    return rows


KINDS = (
    Kind("Jobs", kinds.JOBS, "jobs", _of(Job, job_row)),
    Kind("Job categories", kinds.JOB_CATEGORIES, "categories", _of(Category, uuid_row)),
    Kind("Clients", kinds.CLIENTS, "clients", _of(Client, client_row)),
    Kind("Client groups", kinds.CLIENT_GROUPS, "groups", _of(ClientGroup, uuid_row)),
    Kind("Staff", kinds.STAFF, "staff", _of(Staff, uuid_row)),
    Kind("Tax returns", kinds.TAX_RETURNS, "tax_returns", _of(TaxReturn, tax_return_row)),
    Kind(
        "Custom fields",
        kinds.CUSTOM_FIELD_DEFINITIONS,
        "custom_field_definitions",
        _of(CustomFieldDefinition, uuid_row),
    ),
    Kind(
        "Their values, of current clients",
        kinds.CLIENT_CUSTOM_FIELDS,
        "custom_field_values",
        _values_of("client"),
        kinds.CLIENTS,
    ),
    Kind(
        "Their values, of current jobs", kinds.JOB_CUSTOM_FIELDS, "custom_field_values", _values_of("job"), kinds.JOBS
    ),
)
