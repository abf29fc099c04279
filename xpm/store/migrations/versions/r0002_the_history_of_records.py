"""The history of records: every change, and the rows as they were before it.

What only the sync keeps about its own progress moves out of the records, whose rows are restored as a whole.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import UtcDateTime

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SCOPE = ("practice", "tenant_id")

FORMER_ROWS = {
    "client": (),
    "client_contact": ("contact_uuid",),
    "client_group_member": ("group_uuid",),
    "client_relationship": ("uuid",),
    "contact": (),
    "client_group": (),
    "job": (),
    "job_category": (),
    "staff": (),
    "custom_field_definition": (),
    "custom_field_owner": (),
    "custom_field_value": ("definition_uuid",),
    "tax_return": (),
}
"""The tables whose rows are kept, and the columns that tell the rows of one record apart."""


def upgrade() -> None:
    """Move the sync's own notes out of the records, and make room for history."""
    _move_current_jobs()
    _move_comparisons()
    op.add_column("sync_run", sa.Column("removed", sa.Integer(), nullable=False, server_default="0"))
    _record_change()
    for table, within in FORMER_ROWS.items():
        _former_rows(table, *within)


def downgrade() -> None:
    """Put the notes back; the history is lost."""
    for table in FORMER_ROWS:
        op.drop_table(f"{table}_before")
    op.drop_table("record_change")
    op.drop_column("sync_run", "removed")
    op.add_column("custom_field_owner", sa.Column("compared_at", UtcDateTime()))
    op.drop_table("custom_field_comparison")
    op.add_column("job", sa.Column("is_current", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_table("current_job")


def _move_current_jobs() -> None:
    op.create_table(
        "current_job",
        *_required(sa.String(), *SCOPE, "number"),
        sa.PrimaryKeyConstraint(*SCOPE, "number", name="pk_current_job"),
    )
    names = "practice, tenant_id, number"
    op.execute(f"INSERT INTO current_job ({names}) SELECT {names} FROM job WHERE is_current")  # noqa: S608 - our own
    op.drop_column("job", "is_current")


def _move_comparisons() -> None:
    keys = (*SCOPE, "owner_kind", "owner_key")
    op.create_table(
        "custom_field_comparison",
        *_required(sa.String(), *keys),
        *_required(UtcDateTime(), "compared_at"),
        sa.PrimaryKeyConstraint(*keys, name="pk_custom_field_comparison"),
    )
    names = ", ".join((*keys, "compared_at"))
    op.execute(
        f"INSERT INTO custom_field_comparison ({names}) "  # noqa: S608 - names of our own
        f"SELECT {names} FROM custom_field_owner WHERE compared_at IS NOT NULL"
    )
    op.drop_column("custom_field_owner", "compared_at")


def _record_change() -> None:
    op.create_table(
        "record_change",
        sa.Column("id", KEY, nullable=False),
        *_required(sa.String(), *SCOPE, "record_table", "record_key", "kind"),
        sa.Column("run_id", sa.String()),
        sa.Column("person", sa.String()),
        *_required(UtcDateTime(), "at"),
        sa.Column("restores", KEY),
        sa.PrimaryKeyConstraint("id", name="pk_record_change"),
    )
    for columns in (("record_key", "record_table", "tenant_id", "practice"), ("run_id",)):
        op.create_index(f"ix_record_change_{'_'.join(columns)}", "record_change", list(columns))


def _former_rows(table: str, *within: str) -> None:
    """Make the table with the columns that the database has by now, in its own types."""
    original = sa.Table(table, sa.MetaData(), autoload_with=op.get_bind())
    op.create_table(
        f"{table}_before",
        sa.Column("change_id", KEY, nullable=False, autoincrement=False),
        *(sa.Column(column.name, column.type, nullable=column.nullable) for column in original.columns),
        sa.PrimaryKeyConstraint("change_id", *within, name=f"pk_{table}_before"),
    )


def _required(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]
