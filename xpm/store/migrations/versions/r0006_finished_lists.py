"""The lists of XPM's that a run has read to their end, for its retry."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "finished_list",
        sa.Column("practice", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("server_time", UtcDateTime(), nullable=True),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_finished_list_run_id")),
        sa.PrimaryKeyConstraint("practice", "tenant_id", "entity", "name", name=op.f("pk_finished_list")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("finished_list")
