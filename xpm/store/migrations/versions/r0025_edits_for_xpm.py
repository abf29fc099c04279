"""What people edit in FYI is kept until XPM has it."""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import Json, UtcDateTime

revision = "r0025"
down_revision = "r0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FIELD = ["practice", "tenant_id", "record_table", "record_key", "field"]


def upgrade() -> None:
    """Add the edits with their transitions, the calls that bring them to XPM, time entries, and codes of job states."""
    op.create_table(
        "pending_edit",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("practice", sa.String(), sa.ForeignKey("practice.slug"), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("record_table", sa.String(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=True),
        sa.Column("ours", sa.String(), nullable=True),
        sa.Column("theirs", sa.String(), nullable=True),
        sa.Column("theirs_at", UtcDateTime(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason_key", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_pending_edit_open", "pending_edit", _FIELD, unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_pending_edit_practice_tenant_id_record_table_record_key", "pending_edit", _FIELD[:4])
    op.create_table(
        "edit_transition",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("edit_id", _ID, sa.ForeignKey("pending_edit.id"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("theirs", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("reason_key", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
    )
    op.create_index("ix_edit_transition_edit_id", "edit_transition", ["edit_id"])
    op.create_table(
        "push_call",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("practice", sa.String(), sa.ForeignKey("practice.slug"), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("record_table", sa.String(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("intended_at", UtcDateTime(), nullable=False),
        sa.Column("seen_before", Json, nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=True),
        sa.Column("reason_key", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
    )
    op.create_index("ix_push_call_practice_tenant_id_outcome", "push_call", ["practice", "tenant_id", "outcome"])
    op.create_table(
        "push_pause",
        sa.Column("practice", sa.String(), primary_key=True),
        sa.Column("tenant_id", sa.String(), primary_key=True),
        sa.Column("endpoint", sa.String(), primary_key=True),
        sa.Column("reason_key", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "time_entry",
        sa.Column("practice", sa.String(), primary_key=True),
        sa.Column("tenant_id", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("job_key", sa.String(), nullable=False),
        sa.Column("task_uuid", sa.String(), nullable=False),
        sa.Column("staff_uuid", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("xpm_uuid", sa.String(), nullable=True),
    )
    op.create_table(
        "job_state_code",
        sa.Column("practice", sa.String(), primary_key=True),
        sa.Column("tenant_id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
    )


def downgrade() -> None:
    """Forget the edits. What XPM does not have yet stays in FYI's records only."""
    for table in ("job_state_code", "time_entry", "push_pause", "push_call", "edit_transition", "pending_edit"):
        op.drop_table(table)
