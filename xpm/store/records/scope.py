"""Narrows statements to the records of one scope, and to those that XPM has."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, select

from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import GONE, ArchiveReason


def in_scope(table: RecordTable, scope: Scope) -> ColumnElement[bool]:
    """The condition that a record is of this scope."""
    columns = table.table.c
    return and_(
        columns.practice == scope.practice,
        columns.tenant_id == scope.tenant_id,
        *(columns[name] == value for name, value in table.fixed.items()),
    )


def is_present(table: RecordTable) -> ColumnElement[bool]:
    """The condition that XPM is known to have a record, which includes those it calls archived or deleted."""
    reason = table.table.c.archived_reason
    return or_(reason.is_(None), reason.not_in(GONE))


def none_archived(
    table: RecordTable, scope: Scope, reasons: Collection[ArchiveReason] = tuple(ArchiveReason)
) -> ColumnElement[bool]:
    """The condition that a record of the scope is not among those archived for one of these reasons.

    It is for statements about all records: they then read indexes, and not every row, whose pages lie anywhere.
    """
    columns = table.table.c
    archived = select(columns[table.key]).where(in_scope(table, scope), columns.archived_reason.in_(reasons))
    return columns[table.key].not_in(archived.correlate(None))
