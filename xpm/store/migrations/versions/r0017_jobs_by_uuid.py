"""A job is stored under its UUID, since people may change its number in XPM.

Its values, checks, history and quarantine follow it. A job whose UUID is not known keeps its number as its key, until
XPM gives the UUID. If a renumbered job was stored twice, the row that is current gets the UUID; the other stays as it
is, archived under its number.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0017"
down_revision = "r0016"
branch_labels = None
depends_on = None

OF_JOBS = "('job', 'job_custom_fields')"
NAMING_JOBS = (
    ("current_job", "key", ""),
    ("job_check", "key", ""),
    ("custom_field_owner", "owner_key", "AND owner_kind = 'job'"),
    ("custom_field_owner_before", "owner_key", "AND owner_kind = 'job'"),
    ("custom_field_value", "owner_key", "AND owner_kind = 'job'"),
    ("custom_field_value_before", "owner_key", "AND owner_kind = 'job'"),
    ("custom_field_comparison", "owner_key", "AND owner_kind = 'job'"),
    ("record_change", "record_key", f"AND record_table IN {OF_JOBS}"),
    ("quarantine", "record_key", f"AND entity IN {OF_JOBS}"),
    ("job_before", "key", ""),
    ("job", "key", ""),
)
"""The columns that hold the key of a job, and which rows of their tables are about jobs."""


def upgrade() -> None:
    """Rename the columns, keep the number beside the key, and put the UUID in the key's place."""
    for table in ("job", "job_before", "current_job", "job_check"):
        op.execute(f'ALTER TABLE {table} RENAME COLUMN number TO "key"')
    for table in ("job", "job_before"):
        op.add_column(table, sa.Column("number", sa.String(), nullable=True))
        op.execute(f'UPDATE {table} SET number = "key"')  # noqa: S608
        with op.batch_alter_table(table) as changing:
            changing.alter_column("number", existing_type=sa.String(), nullable=False)
    op.create_index(op.f("ix_job_number_tenant_id_practice"), "job", ["number", "tenant_id", "practice"])
    _rekey("uuid", "uuid", "place = 1")
    op.execute("DELETE FROM finished_list WHERE entity = 'jobs'")  # its keys are packed; a retry reads the list again


def downgrade() -> None:
    """Put the number in the key's place. Of several jobs with one number, a current one gets it."""
    _rekey("number || ' ' || \"key\"", "number", "place > 1")
    _rekey("number", "number", "place = 1")
    op.drop_index(op.f("ix_job_number_tenant_id_practice"), "job")
    for table in ("job", "job_before"):
        op.drop_column(table, "number")
    for table in ("job", "job_before", "current_job", "job_check"):
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "key" TO number')
    op.execute("DELETE FROM finished_list WHERE entity = 'jobs'")


def _rekey(wanted: str, shared: str, which: str) -> None:
    """Give jobs the `wanted` key wherever their key is stored. `place` counts those that share a value, current first.

    All SQL in the arguments is our own.
    """
    key = sa.Column("key", sa.String(), nullable=False)
    new = sa.Column("new_key", sa.String(), nullable=False)
    scope = [sa.Column(name, sa.String(), nullable=False) for name in ("practice", "tenant_id")]
    op.create_table("rekeyed", *scope, key, new, sa.PrimaryKeyConstraint("practice", "tenant_id", "key"))
    op.execute(
        f"""
        INSERT INTO rekeyed (practice, tenant_id, "key", new_key)
        SELECT practice, tenant_id, "key", wanted FROM (
            SELECT practice, tenant_id, "key", {wanted} AS wanted, row_number() OVER (
                PARTITION BY practice, tenant_id, {shared}
                ORDER BY CASE WHEN archived_at IS NULL THEN 0 ELSE 1 END, changed_at DESC, "key"
            ) AS place
            FROM job WHERE {shared} IS NOT NULL
        ) AS ranked WHERE {which} AND wanted <> "key"
        """  # noqa: S608
    )
    for table, named, narrowed in NAMING_JOBS:
        mine = f'r.practice = {table}.practice AND r.tenant_id = {table}.tenant_id AND r."key" = {table}."{named}"'
        op.execute(
            f"""
            UPDATE {table} SET "{named}" = (SELECT new_key FROM rekeyed AS r WHERE {mine})
            WHERE EXISTS (SELECT 1 FROM rekeyed AS r WHERE {mine}) {narrowed}
            """  # noqa: S608
        )
    op.drop_table("rekeyed")
