"""The digest of a record as XPM sent it, by which an unchanged one need not be read."""

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None

TABLES = (
    "client",
    "client_group",
    "custom_field_definition",
    "custom_field_owner",
    "job",
    "job_category",
    "staff",
    "tax_return",
)


def upgrade() -> None:
    """Add it to records and to their former rows; nothing is known of those that are there."""
    for table in TABLES:
        for name in (table, f"{table}_before"):
            op.add_column(name, sa.Column("sent_digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    for table in TABLES:
        for name in (table, f"{table}_before"):
            op.drop_column(name, "sent_digest")
