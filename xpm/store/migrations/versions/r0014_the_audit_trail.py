"""The audit trail. The database itself refuses to change a line, or to delete one that is not yet too old.

A line may be deleted once the head's anchor has moved past it. The anchor is signed, so that whoever moves it without
the key is found out by `fyi-xpm audit verify`.
"""

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import Json, UtcDateTime

revision = "r0014"
down_revision = "r0013"
branch_labels = None
depends_on = None

KEPT = "lines of the audit trail are kept as they are"
IS_KEPT = "OLD.id > COALESCE((SELECT anchor_id FROM audit_head), 0)"
REFUSE = "EXECUTE FUNCTION audit_trail_is_kept()"
GUARDS = {  # name: event, table, condition
    "audit_entry_unchanged": ("UPDATE", "audit_entry", ""),
    "audit_entry_undeleted": ("DELETE", "audit_entry", IS_KEPT),
    "audit_head_undeleted": ("DELETE", "audit_head", ""),
}


def upgrade() -> None:
    """Add both tables and their guards."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("flow_run_id", sa.String(), nullable=True),
        sa.Column("named", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("practice", sa.String(), nullable=True),
        sa.Column("resource", sa.String(), nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_practice_id"), "audit_entry", ["practice", "id"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("anchor_id", sa.BigInteger(), nullable=False),
        sa.Column("anchor_hash", sa.String(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop the tables, and with them their guards."""
    op.drop_table("audit_entry")
    op.drop_table("audit_head")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_trail_is_kept()")


def _guard_sqlite() -> None:
    """Add the guards, and one of INSERT. REPLACE deletes a row without a DELETE, and a text is taken for a number
    (https://sqlite.org/lang_conflict.html, https://sqlite.org/datatype3.html)."""
    replaced = "typeof(NEW.id) <> 'integer' OR EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)"
    guards = GUARDS | {"audit_entry_unreplaced": ("INSERT", "audit_entry", replaced)}
    for name, (event, table, condition) in guards.items():
        when = f"WHEN {condition} " if condition else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{KEPT}'); END")


def _guard_postgresql() -> None:
    """Add the same guards, and refuse TRUNCATE, which SQLite does not have. A condition there may not ask a table."""
    op.execute(
        "CREATE FUNCTION audit_trail_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_TABLE_NAME = 'audit_entry' AND TG_OP = 'DELETE' THEN IF NOT {IS_KEPT} THEN RETURN OLD; END IF; END IF; "
        f"RAISE EXCEPTION '{KEPT}'; END $$"
    )
    for name, (event, table, _) in GUARDS.items():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION audit_trail_is_kept()"
        )
    for table in ("audit_entry", "audit_head"):
        op.execute(f"CREATE TRIGGER {table}_untruncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {REFUSE}")
