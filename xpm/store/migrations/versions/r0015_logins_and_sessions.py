"""Logins to the console, what they are bound to, links that log in once, and sessions."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0015"
down_revision = "r0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "login",
        sa.Column("issuer", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "login_user",
        sa.Column("issuer", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), sa.ForeignKey("fyi_user.id", name="fk_login_user_user_id"), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("issuer", "user_id", name="uq_login_user_issuer_user_id"),
    )
    op.create_table(
        "login_link",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "console_session",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("console_session", "login_link", "login_user", "login"):
        op.drop_table(name)
