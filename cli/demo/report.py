"""What the unattended demo shows at the end: Practice Activity, and both sides compared field by field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from rich.text import Text
from sqlmodel import Session

from cli.demo.stage import PRACTICE
from cli.terminal import WholeTable
from xpm.entities.custom_fields import VALUES, values_row
from xpm.entities.entity import ListedKind
from xpm.entities.names import Noun
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.store.consent import connections
from xpm.store.records import bulk, reads
from xpm.store.records.identity import numbers_of
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.undo.comparison import Difference, differences
from xpm.xero.models import CustomFieldValue

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ReportedKind:
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
class SideBySide:
    """One kind of record on both sides."""

    kind: str
    source: int
    stored: int
    differences: Sequence[Difference]


def compare(integration: Integration, sandbox: str) -> list[SideBySide]:
    """Compare what the sandbox has, in its own words, with what FYI has stored."""
    with integration.database.read() as session:
        tenant = connections.get(session, PRACTICE).tenant_id or ""
        return [_compare(session, Scope(PRACTICE, tenant), kind, sandbox) for kind in REPORTED]


def _compare(session: Session, scope: Scope, kind: ReportedKind, sandbox: str) -> SideBySide:
    truth = httpx.get(f"{sandbox}/sandbox/tenants/{scope.tenant_id}/records/{kind.records}", timeout=60).json()
    rows = [row for record in truth for row in kind.to_row(record)]
    if kind.of is not None:
        current = list(bulk.active_keys(session, kind.of, scope))
        keys = {number: key for key, number in numbers_of(session, kind.of, scope, current).items()}
        rows = [replace(row, key=keys[row.key]) for row in rows if row.key in keys]
    stored = set(reads.keys_present(session, kind.table, scope))
    rows = [row for row in rows if row.key in stored or row.archived is None]
    return SideBySide(kind.title, len(rows), len(stored), list(differences(session, kind.table, scope, rows)))


def compared_table(compared: Sequence[SideBySide]) -> WholeTable:
    """Both sides as a table for the terminal."""
    table = WholeTable("", "In Xero", "In FYI", "Fields that differ", title="Xero Practice Manager and FYI")
    for one in compared:
        mark = Text(f"{len(one.differences)}", "red" if one.differences else "green")
        table.add_row(one.kind, f"{one.source}", f"{one.stored}", mark)
    return table


def _of(kind: ListedKind[Any]) -> Callable[[Json], Iterator[RecordRow]]:
    def rows(record: Json) -> Iterator[RecordRow]:
        given = {name: value for name, value in record.items() if value is not None}
        yield kind.row(kind.model.model_validate(given))

    return rows


def _values_of(owner: str) -> Callable[[Json], Iterator[RecordRow]]:
    def rows(record: Json) -> Iterator[RecordRow]:
        if record["owner"] == owner:
            yield values_row(record["key"], [CustomFieldValue.model_validate(one) for one in record["values"]])

    return rows


IN_SANDBOX = {
    Noun.JOB_CATEGORY: "categories",
    Noun.CLIENT_GROUP: "groups",
    Noun.STAFF: "staff",
    Noun.CUSTOM_FIELD: "custom_field_definitions",
}
"""What the sandbox calls records whose name is not the plural of their noun."""


def in_sandbox(noun: Noun) -> str:
    """What the sandbox calls records of a kind that comes in lists."""
    return IN_SANDBOX.get(noun, f"{noun.replace('-', '_')}s")


REPORTED = (
    *(
        ReportedKind(kind.label, kind.table, in_sandbox(kind.noun), _of(kind))
        for definition in DEFINITIONS.values()
        for kind in definition.lists
    ),
    *(
        ReportedKind(
            f"Their values, of current {owner}s",
            values.table,
            "custom_field_values",
            _values_of(owner),
            values.owners,
        )
        for owner, values in VALUES.items()
    ),
)
