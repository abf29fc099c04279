"""How many records a run left out, and the values of how many it compared, so that its counts can be found in XPM."""

import sqlalchemy as sa
from alembic import op

revision = "r0022"
down_revision = "r0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("sync_run", sa.Column("left_out", sa.Integer(), nullable=True))
    op.add_column("sync_run", sa.Column("compared", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sync_run", "compared")
    op.drop_column("sync_run", "left_out")
