"""What an entry of Practice Activity is about, so that no program has to read its sentence's key."""

import sqlalchemy as sa
from alembic import op

revision = "r0013"
down_revision = "r0012"
branch_labels = None
depends_on = None

TOPICS = {
    "watch.holder_inactive": "holder",
    "watch.holder_leaving": "holder",
    "watch.holder_not_admin": "holder",
    "watch.holder_not_in_xpm": "holder",
    "watch.holder_well": "holder",
    "watch.permissions_missing": "permissions",
    "watch.stale": "stale",
    "sync.requested": "sync_requested",
    "revert.done": "reverted",
}


def upgrade() -> None:
    """Add the column, and fill it in for the entries there are."""
    op.add_column("practice_activity", sa.Column("topic", sa.String(), nullable=True))
    entries = sa.table("practice_activity", sa.column("kind", sa.String), sa.column("topic", sa.String))
    for kind, topic in TOPICS.items():
        op.execute(entries.update().where(entries.c.kind == kind).values(topic=topic))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("practice_activity", "topic")
