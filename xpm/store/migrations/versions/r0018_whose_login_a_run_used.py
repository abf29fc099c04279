"""Whose login at Xero a run used: another person's may see fewer records, so their absence proves less."""

import sqlalchemy as sa
from alembic import op

revision = "r0018"
down_revision = "r0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of earlier runs it is not known."""
    op.add_column("sync_run", sa.Column("xero_userid", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("sync_run", "xero_userid")
