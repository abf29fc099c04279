"""Whether clients come that were archived before FYI was connected, and how many a finished list left out."""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    switch: sa.Column[bool] = sa.Column(
        "include_archived_clients", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("integration_settings", switch)
    op.add_column("finished_list", sa.Column("left_out", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop both columns."""
    op.drop_column("finished_list", "left_out")
    op.drop_column("integration_settings", "include_archived_clients")
