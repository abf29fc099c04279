"""Elements of XPM's records that no model names, recorded when first seen so that each is reported once."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session, select

from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.tables import StoreTable, UnknownElement

_ELEMENTS = StoreTable.metadata.tables["unknown_element"]


def note(
    session: Session, scope: Scope, table: RecordTable, counts: Mapping[str, int], *, run_id: str, now: datetime
) -> list[str]:
    """Store the elements never seen before, by path with their count, and return their paths."""
    of = {"practice": scope.practice, "tenant_id": scope.tenant_id, "record_table": table.name}
    known = set(session.exec(select(UnknownElement.path).filter_by(**of)))
    new = sorted(counts.keys() - known)
    if new:
        rows = [{**of, "path": path, "count": counts[path], "at": now, "run_id": run_id} for path in new]
        session.connection().execute(insert(_ELEMENTS), rows)
    return new
