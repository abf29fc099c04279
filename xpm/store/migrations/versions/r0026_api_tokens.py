"""Programs of FYI use the API with tokens."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0026"
down_revision = "r0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tokens, of which only digests are stored."""
    op.create_table(
        "api_token",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("practice", sa.String(), sa.ForeignKey("practice.slug"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("may_edit", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
    )
    is_kept = sa.text("revoked_at IS NULL")
    op.create_index(
        "uq_api_token_name",
        "api_token",
        ["practice", "name"],
        unique=True,
        sqlite_where=is_kept,
        postgresql_where=is_kept,
    )


def downgrade() -> None:
    """Forget the tokens. Programs are let in again with new ones."""
    op.drop_table("api_token")
