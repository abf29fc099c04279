"""The confirmation of an XPM practice that is new to FYI: when, and the name that was typed."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    op.add_column("authorisation_attempt", sa.Column("confirmed_at", UtcDateTime(), nullable=True))
    op.add_column("authorisation_attempt", sa.Column("confirmed_name", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop both columns."""
    op.drop_column("authorisation_attempt", "confirmed_name")
    op.drop_column("authorisation_attempt", "confirmed_at")
