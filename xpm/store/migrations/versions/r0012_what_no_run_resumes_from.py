"""A run's checkpoint is the lists it has finished; the column that was meant for it was never read."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import Json

revision = "r0012"
down_revision = "r0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column."""
    op.drop_column("sync_run", "checkpoint")


def downgrade() -> None:
    """Add it again, empty as it was."""
    op.add_column("sync_run", sa.Column("checkpoint", Json, nullable=True))
