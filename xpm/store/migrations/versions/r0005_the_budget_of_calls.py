"""The budget of calls that all processes share, its tally, and the time at which a parked run goes on."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import Json, UtcDateTime

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables and the column."""
    op.create_table(
        "call_tally",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "priority", name=op.f("pk_call_tally")),
    )
    op.create_table(
        "tenant_allowance",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_allowance")),
    )
    op.add_column("sync_run", sa.Column("resumes_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sync_run", "resumes_at")
    op.drop_table("tenant_allowance")
    op.drop_table("call_tally")
