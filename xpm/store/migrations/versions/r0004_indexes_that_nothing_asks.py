"""Indexes by which no query looks anything up: they made every write slower.

And where PostgreSQL had not counted the rows yet, it took one for the way to a record by its key, past all others.
"""

from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

INDEXES = (
    ("job", "uuid"),
    ("job", "client_uuid"),
    ("tax_return", "client_uuid"),
    ("client_contact", "contact_uuid"),
    ("client_group_member", "group_uuid"),
)
"""The table and the column that comes after the scope."""


def upgrade() -> None:
    """Drop them."""
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_practice_tenant_id_{column}", table)


def downgrade() -> None:
    """Make them again."""
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_practice_tenant_id_{column}", table, ["practice", "tenant_id", column])
