"""What was left out of a record that is stored without it, and how many such records a run had."""

import sqlalchemy as sa
from alembic import op

revision = "r0016"
down_revision = "r0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("quarantine", sa.Column("parts", sa.String(), nullable=True))
    op.add_column("sync_run", sa.Column("partly_read", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop them. Parts would look like records that were set aside whole, so they are dropped as well."""
    op.execute("DELETE FROM quarantine WHERE parts IS NOT NULL")
    op.drop_column("sync_run", "partly_read")
    op.drop_column("quarantine", "parts")
