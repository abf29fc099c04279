"""What a run was expected to ask of Xero, beside what it asked."""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    op.add_column("sync_run", sa.Column("predicted_calls", sa.Integer(), nullable=True))
    op.add_column("sync_run", sa.Column("predicted_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop both columns."""
    op.drop_column("sync_run", "predicted_bytes")
    op.drop_column("sync_run", "predicted_calls")
