"""The first schema."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from xpm.store.engine.columns import ExactDecimal, Json, UtcDateTime

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

Schema = sa.schema.SchemaItem
Kind = sa.types.TypeEngine[Any]
TABLES = (
    "practice",
    "integration_settings",
    "fyi_user",
    "consent",
    "connection",
    "connection_transition",
    "authorisation_attempt",
    "client",
    "contact",
    "client_contact",
    "client_group",
    "client_group_member",
    "client_relationship",
    "job",
    "job_category",
    "staff",
    "custom_field_definition",
    "custom_field_owner",
    "custom_field_value",
    "tax_return",
    "sync_run",
    "quarantine",
    "practice_activity",
    "lease",
)


def upgrade() -> None:
    """Create every table."""
    _practices()
    _connections()
    _clients()
    _jobs_and_staff()
    _custom_fields_and_tax_returns()
    _operations()


def downgrade() -> None:
    """Drop every table, those that refer to others first."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _columns(kind: Kind, *names: str, nullable: bool = True) -> Sequence[Schema]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _required(kind: Kind, *names: str) -> Sequence[Schema]:
    return _columns(kind, *names, nullable=False)


def _scope() -> Sequence[Schema]:
    """Give what every record's key begins with."""
    return _required(sa.String(), "practice", "tenant_id")


def _touched() -> Sequence[Schema]:
    """Give when a row came and when it last changed."""
    return [*_required(UtcDateTime(), "first_synced_at", "changed_at"), *_columns(sa.String(), "changed_by_run")]


def _record() -> Sequence[Schema]:
    """Give the bookkeeping of a main record."""
    return [
        *_scope(),
        *_touched(),
        *_required(sa.LargeBinary(), "content_hash"),
        *_columns(UtcDateTime(), "archived_at"),
        *_columns(sa.String(), "archived_reason"),
    ]


def _key(table: str, *columns: str) -> Schema:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _refers(table: str, column: str, to: str) -> Schema:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def _unique(table: str, *columns: str) -> Schema:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _practices() -> None:
    op.create_table(
        "practice",
        *_required(sa.String(), "slug", "name", "country", "time_zone"),
        *_required(sa.Date(), "history_start"),
        *_required(UtcDateTime(), "created_at"),
        _key("practice", "slug"),
    )
    op.create_table(
        "integration_settings",
        *_required(sa.String(), "practice"),
        *_required(sa.Boolean(), "maintain_jobs", "sync_custom_fields", "maintain_invoices", "import_tax_assessments"),
        *_required(UtcDateTime(), "updated_at"),
        *_columns(sa.String(), "updated_by"),
        _refers("integration_settings", "practice", "practice.slug"),
        _key("integration_settings", "practice"),
    )
    op.create_table(
        "fyi_user",
        *_required(sa.String(), "id", "practice", "email", "name"),
        *_required(sa.Boolean(), "is_admin", "is_active"),
        *_columns(sa.Date(), "leaving_on"),
        *_columns(sa.String(), "xero_userid"),
        _refers("fyi_user", "practice", "practice.slug"),
        _unique("fyi_user", "practice", "email"),
        _key("fyi_user", "id"),
    )


def _connections() -> None:
    op.create_table(
        "consent",
        *_required(sa.String(), "id", "practice", "user_id", "status"),
        *_columns(sa.String(), "xero_userid", "email", "given_name", "family_name", "authentication_event_id"),
        *_required(Json, "scopes"),
        *_columns(sa.LargeBinary(), "access_token", "refresh_token", "previous_refresh_token"),
        *_columns(UtcDateTime(), "access_expires_at"),
        *_required(sa.Integer(), "generation"),
        *_columns(UtcDateTime(), "refreshed_at", "refresh_started_at"),
        *_required(UtcDateTime(), "created_at"),
        _refers("consent", "practice", "practice.slug"),
        _refers("consent", "user_id", "fyi_user.id"),
        _key("consent", "id"),
    )
    _index("consent", "practice")
    op.create_table(
        "connection",
        *_required(sa.String(), "practice", "state"),
        *_columns(sa.String(), "reason_key"),
        *_required(UtcDateTime(), "since"),
        *_columns(sa.String(), "tenant_id", "tenant_name", "xero_connection_id", "consent_id", "connected_by"),
        *_columns(UtcDateTime(), "connected_at"),
        _refers("connection", "practice", "practice.slug"),
        _refers("connection", "consent_id", "consent.id"),
        _refers("connection", "connected_by", "fyi_user.id"),
        _unique("connection", "tenant_id"),
        _key("connection", "practice"),
    )
    op.create_table(
        "connection_transition",
        *_required(sa.Integer(), "id"),
        *_required(sa.String(), "practice", "from_state", "to_state"),
        *_columns(sa.String(), "reason_key", "person", "flow_run_id"),
        *_required(UtcDateTime(), "at"),
        _refers("connection_transition", "practice", "practice.slug"),
        _key("connection_transition", "id"),
    )
    _index("connection_transition", "practice", "id")
    op.create_table(
        "authorisation_attempt",
        *_required(sa.String(), "id", "practice", "user_id"),
        *_columns(sa.String(), "flow_run_id"),
        *_required(UtcDateTime(), "created_at", "expires_at"),
        *_required(sa.String(), "outcome"),
        *_columns(sa.String(), "reason_key"),
        *_columns(Json, "reason_facts"),
        *_columns(sa.String(), "consent_id", "tenant_id", "tenant_name", "xero_connection_id"),
        *_columns(UtcDateTime(), "closed_at"),
        *_columns(sa.LargeBinary(), "state_hash", "browser_hash", "nonce", "code_verifier"),
        *_columns(UtcDateTime(), "started_at", "used_at"),
        _refers("authorisation_attempt", "practice", "practice.slug"),
        _refers("authorisation_attempt", "user_id", "fyi_user.id"),
        _refers("authorisation_attempt", "consent_id", "consent.id"),
        _unique("authorisation_attempt", "state_hash"),
        _key("authorisation_attempt", "id"),
    )
    _index("authorisation_attempt", "practice")


def _clients() -> None:
    op.create_table(
        "client",
        *_record(),
        *_required(sa.String(), "uuid"),
        *_columns(
            sa.String(), "name", "title", "gender", "first_name", "middle_name", "last_name", "other_name", "email"
        ),
        *_columns(sa.Date(), "date_of_birth", "date_of_death"),
        *_columns(
            sa.String(),
            "place_of_birth_city",
            "place_of_birth_country_code",
            "address",
            "city",
            "region",
            "post_code",
            "country",
            "postal_address",
            "postal_city",
            "postal_region",
            "postal_post_code",
            "postal_country",
            "phone",
            "fax",
            "website",
            "referral_source",
            "export_code",
            "client_code",
            "industry",
        ),
        *_columns(sa.Boolean(), "is_prospect"),
        *_required(sa.Boolean(), "is_archived", "is_deleted"),
        *_columns(
            sa.String(),
            "account_manager_uuid",
            "account_manager_name",
            "job_manager_uuid",
            "job_manager_name",
            "type_name",
        ),
        *_columns(ExactDecimal(), "type_cost_markup"),
        *_columns(sa.String(), "type_payment_term"),
        *_columns(sa.Integer(), "type_payment_day"),
        *_columns(sa.String(), "billing_client_uuid", "billing_client_name"),
        *_required(Json, "notes"),
        *_columns(
            sa.String(),
            "tax_number",
            "company_number",
            "business_number",
            "branch_number",
            "business_structure",
            "balance_month",
        ),
        *_columns(sa.Boolean(), "prepare_gst", "gst_registered"),
        *_columns(sa.String(), "gst_period", "gst_basis", "provisional_tax_basis", "provisional_tax_ratio"),
        *_columns(sa.Boolean(), "signed_tax_authority"),
        *_columns(sa.String(), "tax_agent", "agency_status", "return_type"),
        *_columns(sa.Boolean(), "prepare_activity_statement", "prepare_tax_return", "active_ato_client"),
        *_columns(sa.String(), "web_url"),
        _key("client", "practice", "tenant_id", "uuid"),
    )
    op.create_table(
        "contact",
        *_scope(),
        *_touched(),
        *_required(sa.String(), "uuid"),
        *_columns(sa.String(), "name", "salutation", "addressee", "mobile", "email", "phone"),
        *_required(sa.Boolean(), "is_deleted"),
        _key("contact", "practice", "tenant_id", "uuid"),
    )
    op.create_table(
        "client_contact",
        *_scope(),
        *_required(sa.String(), "client_uuid", "contact_uuid"),
        *_required(sa.Boolean(), "is_primary"),
        *_columns(sa.String(), "position"),
        *_required(sa.Integer(), "position_in_list"),
        _key("client_contact", "practice", "tenant_id", "client_uuid", "contact_uuid"),
    )
    _index("client_contact", "practice", "tenant_id", "contact_uuid")
    op.create_table(
        "client_group",
        *_record(),
        *_required(sa.String(), "uuid"),
        *_columns(sa.String(), "name"),
        *_columns(sa.Boolean(), "taxable"),
        *_columns(sa.String(), "web_url"),
        _key("client_group", "practice", "tenant_id", "uuid"),
    )
    op.create_table(
        "client_group_member",
        *_scope(),
        *_required(sa.String(), "client_uuid", "group_uuid"),
        *_columns(sa.String(), "group_name"),
        *_required(sa.Integer(), "ordinal"),
        _key("client_group_member", "practice", "tenant_id", "client_uuid", "group_uuid"),
    )
    _index("client_group_member", "practice", "tenant_id", "group_uuid")
    op.create_table(
        "client_relationship",
        *_scope(),
        *_required(sa.String(), "client_uuid", "uuid"),
        *_columns(sa.String(), "type", "related_client_uuid", "related_client_name"),
        *_columns(sa.Integer(), "number_of_shares"),
        *_columns(ExactDecimal(), "percentage"),
        *_columns(sa.Date(), "start_date", "end_date"),
        *_required(sa.Integer(), "ordinal"),
        _key("client_relationship", "practice", "tenant_id", "client_uuid", "uuid"),
    )


def _jobs_and_staff() -> None:
    op.create_table(
        "job",
        *_record(),
        *_required(sa.String(), "number"),
        *_columns(sa.String(), "uuid", "name", "description", "state", "type", "client_order_number"),
        *_columns(ExactDecimal(), "budget"),
        *_columns(sa.Date(), "start_date", "due_date", "completed_date"),
        *_columns(
            sa.String(),
            "client_uuid",
            "client_name",
            "contact_uuid",
            "contact_name",
            "manager_uuid",
            "manager_name",
            "partner_uuid",
            "partner_name",
        ),
        *_required(Json, "assigned", "tasks", "milestones", "notes"),
        *_columns(sa.String(), "web_url"),
        *_required(sa.Boolean(), "is_current"),
        _key("job", "practice", "tenant_id", "number"),
    )
    _index("job", "practice", "tenant_id", "client_uuid")
    _index("job", "practice", "tenant_id", "uuid")
    op.create_table(
        "job_category",
        *_record(),
        *_required(sa.String(), "uuid"),
        *_columns(sa.String(), "name"),
        _key("job_category", "practice", "tenant_id", "uuid"),
    )
    op.create_table(
        "staff",
        *_record(),
        *_required(sa.String(), "uuid"),
        *_columns(sa.String(), "name", "email", "phone", "mobile", "address", "payroll_code", "web_url"),
        *_required(sa.String(), "fyi_status"),
        _key("staff", "practice", "tenant_id", "uuid"),
    )


def _custom_fields_and_tax_returns() -> None:
    op.create_table(
        "custom_field_definition",
        *_record(),
        *_required(sa.String(), "uuid"),
        *_columns(sa.String(), "name", "type", "link_url", "options"),
        *_required(
            sa.Boolean(), "use_client", "use_contact", "use_job", "use_job_task", "use_job_cost", "use_job_time"
        ),
        *_columns(sa.String(), "value_element"),
        _key("custom_field_definition", "practice", "tenant_id", "uuid"),
    )
    op.create_table(
        "custom_field_owner",
        *_record(),
        *_required(sa.String(), "owner_kind", "owner_key"),
        *_columns(UtcDateTime(), "compared_at"),
        _key("custom_field_owner", "practice", "tenant_id", "owner_kind", "owner_key"),
    )
    op.create_table(
        "custom_field_value",
        *_scope(),
        *_required(sa.String(), "owner_kind", "owner_key", "definition_uuid"),
        *_columns(sa.String(), "name", "text"),
        *_columns(sa.Date(), "date"),
        *_columns(ExactDecimal(), "number", "decimal"),
        *_columns(sa.Boolean(), "boolean"),
        _key("custom_field_value", "practice", "tenant_id", "owner_kind", "owner_key", "definition_uuid"),
    )
    op.create_table(
        "tax_return",
        *_record(),
        *_required(sa.String(), "return_id", "client_uuid", "tax_type"),
        *_required(sa.Integer(), "year"),
        *_columns(sa.String(), "status"),
        *_columns(sa.Date(), "period_from", "period_to", "lodged_on", "due_on", "issued_on"),
        *_columns(ExactDecimal(), "estimated_income", "assessed_income", "estimated_payable", "assessed_payable"),
        *_columns(sa.String(), "web_url"),
        _key("tax_return", "practice", "tenant_id", "return_id"),
    )
    _index("tax_return", "practice", "tenant_id", "client_uuid")


def _operations() -> None:
    op.create_table(
        "sync_run",
        *_required(sa.String(), "id", "practice", "tenant_id", "entity", "mode", "trigger", "status"),
        *_columns(sa.String(), "reason_key", "person", "flow_run_id"),
        *_required(UtcDateTime(), "started_at"),
        *_columns(UtcDateTime(), "finished_at"),
        *_columns(sa.Integer(), "source_count", "stored_count"),
        *_required(sa.Integer(), "added", "changed", "unchanged", "archived", "restored", "quarantined", "calls"),
        *_required(sa.BigInteger(), "bytes"),
        *_columns(Json, "checkpoint"),
        *_columns(UtcDateTime(), "watermark"),
        _refers("sync_run", "practice", "practice.slug"),
        _key("sync_run", "id"),
    )
    _index("sync_run", "practice", "entity", "started_at")
    op.create_table(
        "quarantine",
        *_required(sa.Integer(), "id"),
        *_required(sa.String(), "practice", "tenant_id", "entity"),
        *_columns(sa.String(), "record_key"),
        *_required(sa.String(), "reason", "payload"),
        *_columns(sa.String(), "run_id"),
        *_required(UtcDateTime(), "at"),
        *_columns(UtcDateTime(), "resolved_at"),
        _refers("quarantine", "practice", "practice.slug"),
        _refers("quarantine", "run_id", "sync_run.id"),
        _key("quarantine", "id"),
    )
    _index("quarantine", "practice", "tenant_id", "entity", "record_key")
    op.create_table(
        "practice_activity",
        *_required(sa.Integer(), "id"),
        *_required(sa.String(), "practice"),
        *_required(UtcDateTime(), "at"),
        *_required(sa.String(), "status", "kind", "title"),
        *_columns(sa.String(), "detail", "next_step", "person", "flow_run_id", "run_id"),
        *_columns(Json, "counts"),
        *_required(sa.String(), "search_text"),
        _refers("practice_activity", "practice", "practice.slug"),
        _refers("practice_activity", "run_id", "sync_run.id"),
        _key("practice_activity", "id"),
    )
    _index("practice_activity", "practice", "id")
    op.create_table(
        "lease",
        *_required(sa.String(), "name"),
        *_columns(sa.String(), "holder"),
        *_required(sa.Integer(), "generation"),
        *_required(UtcDateTime(), "expires_at"),
        _key("lease", "name"),
    )
