"""Runs are numbered in the order they begin, whatever the clock says; failed tries of a request are counted."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0020"
down_revision = "r0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number the runs of each entity, oldest first."""
    op.add_column("sync_run", sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE sync_run SET number = (SELECT count(*) FROM sync_run AS earlier WHERE"
        " earlier.practice = sync_run.practice AND earlier.entity = sync_run.entity AND"
        " (earlier.started_at < sync_run.started_at"
        " OR (earlier.started_at = sync_run.started_at AND earlier.id <= sync_run.id)))"
    )
    op.drop_index("ix_sync_run_practice_entity_started_at", "sync_run")
    op.create_index("ix_sync_run_practice_entity_number", "sync_run", ["practice", "entity", "number"])
    op.create_table(
        "failed_request",
        sa.Column("run", sa.String(), primary_key=True),
        sa.Column("request", sa.String(), primary_key=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    """Order runs by their times again."""
    op.drop_table("failed_request")
    op.drop_index("ix_sync_run_practice_entity_number", "sync_run")
    op.create_index("ix_sync_run_practice_entity_started_at", "sync_run", ["practice", "entity", "started_at"])
    op.drop_column("sync_run", "number")
