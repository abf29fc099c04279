"""What XPM's records have that no model names."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0010"
down_revision = "r0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "unknown_element",
        sa.Column("practice", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("record_table", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_unknown_element_run_id")),
        sa.PrimaryKeyConstraint("practice", "tenant_id", "record_table", "path", name=op.f("pk_unknown_element")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("unknown_element")
