"""Where and when XPM last answered for each job."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "job_check",
        sa.Column("practice", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("created_from", sa.Date(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("practice", "tenant_id", "number", name=op.f("pk_job_check")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("job_check")
