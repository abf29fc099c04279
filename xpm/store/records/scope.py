"""Narrows statements to the records of one scope, and to those that XPM has."""

from sqlalchemy import ColumnElement, and_, or_

from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import GONE


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
