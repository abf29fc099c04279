"""Leases count signs of life, instead of expiring by a clock. Leases that are held now are freed."""

import sqlalchemy as sa
from alembic import op

revision = "r0019"
down_revision = "r0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count the signs of life, and note when the last one came."""
    op.execute("UPDATE lease SET holder = NULL")
    op.execute("ALTER TABLE lease RENAME COLUMN expires_at TO last_sign_at")
    op.add_column("lease", sa.Column("signs", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Let leases expire again; the times of last signs are all past."""
    op.execute("UPDATE lease SET holder = NULL")
    op.drop_column("lease", "signs")
    op.execute("ALTER TABLE lease RENAME COLUMN last_sign_at TO expires_at")
