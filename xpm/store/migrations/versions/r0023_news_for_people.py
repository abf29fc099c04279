"""People are told of a practice's troubles once when they begin and once when they are over."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0023"
down_revision = "r0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who is told, the troubles that are not over, and the news that waits to be sent."""
    op.add_column("fyi_user", sa.Column("gets_news", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "open_trouble",
        sa.Column("practice", sa.String(), sa.ForeignKey("practice.slug"), primary_key=True),
        sa.Column("trouble", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "waiting_news",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("practice", sa.String(), sa.ForeignKey("practice.slug"), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_waiting_news_practice", "waiting_news", ["practice"])
    op.create_table(
        "news_address",
        sa.Column("id", sa.String(), sa.ForeignKey("practice.slug"), primary_key=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
    )


def downgrade() -> None:
    """Tell nobody."""
    op.drop_table("news_address")
    op.drop_index("ix_waiting_news_practice", "waiting_news")
    op.drop_table("waiting_news")
    op.drop_table("open_trouble")
    op.drop_column("fyi_user", "gets_news")
