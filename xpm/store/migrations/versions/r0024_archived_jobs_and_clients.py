"""Archived jobs and clients are found without reading every job and client, whose rows lie anywhere in the file."""

import sqlalchemy as sa
from alembic import op

revision = "r0024"
down_revision = "r0023"
branch_labels = None
depends_on = None

INDEXES = {"job": "key", "client": "uuid"}


def upgrade() -> None:
    """Add an index of the archived ones."""
    is_archived = sa.text("archived_reason IS NOT NULL")
    for table, key in INDEXES.items():
        columns = ["practice", "tenant_id", "archived_reason", key]
        op.create_index(_name(table), table, columns, sqlite_where=is_archived, postgresql_where=is_archived)


def downgrade() -> None:
    """Read every row again."""
    for table in INDEXES:
        op.drop_index(_name(table), table)


def _name(table: str) -> str:
    return f"ix_{table}_practice_tenant_id_archived_reason_{INDEXES[table]}"
