"""Clients with their contacts, groups and relationships, as XPM has them."""

import datetime as dt
from decimal import Decimal

from sqlmodel import Field

from xpm.store.engine.columns import ExactDecimal, Json
from xpm.store.tables.parts import ClientNotePart
from xpm.store.tables.schema import SyncedRecord, TenantScoped, Timestamped, archived


class Client(SyncedRecord, table=True):
    """A client of the practice."""

    __tablename__ = "client"
    __table_args__ = (archived("uuid"),)

    uuid: str = Field(primary_key=True)
    name: str | None = None
    title: str | None = None
    gender: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    other_name: str | None = None
    email: str | None = None
    date_of_birth: dt.date | None = None
    date_of_death: dt.date | None = None
    place_of_birth_city: str | None = None
    place_of_birth_country_code: str | None = None
    address: str | None = None
    city: str | None = None
    region: str | None = None
    post_code: str | None = None
    country: str | None = None
    postal_address: str | None = None
    postal_city: str | None = None
    postal_region: str | None = None
    postal_post_code: str | None = None
    postal_country: str | None = None
    phone: str | None = None
    fax: str | None = None
    website: str | None = None
    referral_source: str | None = None
    export_code: str | None = None
    client_code: str | None = None
    industry: str | None = None
    is_prospect: bool | None = None
    is_archived: bool = False
    is_deleted: bool = False
    account_manager_uuid: str | None = None
    account_manager_name: str | None = None
    job_manager_uuid: str | None = None
    job_manager_name: str | None = None
    type_name: str | None = None
    type_cost_markup: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    type_payment_term: str | None = None
    type_payment_day: int | None = None
    billing_client_uuid: str | None = None
    billing_client_name: str | None = None
    notes: list[ClientNotePart] = Field(default_factory=list, sa_type=Json)
    tax_number: str | None = None  # masked by Xero
    company_number: str | None = None
    business_number: str | None = None
    branch_number: str | None = None
    business_structure: str | None = None
    balance_month: str | None = None
    prepare_gst: bool | None = None
    gst_registered: bool | None = None
    gst_period: str | None = None
    gst_basis: str | None = None
    provisional_tax_basis: str | None = None
    provisional_tax_ratio: str | None = None
    signed_tax_authority: bool | None = None
    tax_agent: str | None = None
    agency_status: str | None = None
    return_type: str | None = None
    prepare_activity_statement: bool | None = None
    prepare_tax_return: bool | None = None
    active_ato_client: bool | None = None
    web_url: str | None = None


class Contact(Timestamped, table=True):
    """A person at one or more clients, written together with any of them."""

    __tablename__ = "contact"

    uuid: str = Field(primary_key=True)
    name: str | None = None
    salutation: str | None = None
    addressee: str | None = None
    mobile: str | None = None
    email: str | None = None
    phone: str | None = None
    is_deleted: bool = False


class ClientContact(TenantScoped, table=True):
    """A contact at a client. `position` is the job title there, `position_in_list` the place in XPM's list."""

    __tablename__ = "client_contact"

    client_uuid: str = Field(primary_key=True)
    contact_uuid: str = Field(primary_key=True)
    is_primary: bool = False
    position: str | None = None
    position_in_list: int


class ClientGroup(SyncedRecord, table=True):
    """A client group of the practice."""

    __tablename__ = "client_group"

    uuid: str = Field(primary_key=True)
    name: str | None = None
    taxable: bool | None = None
    web_url: str | None = None


class ClientGroupMember(TenantScoped, table=True):
    """A client's membership of a group, with the group's name as the client's record gives it."""

    __tablename__ = "client_group_member"

    client_uuid: str = Field(primary_key=True)
    group_uuid: str = Field(primary_key=True)
    group_name: str | None = None
    ordinal: int


class ClientRelationship(TenantScoped, table=True):
    """A relationship of one client to another."""

    __tablename__ = "client_relationship"

    client_uuid: str = Field(primary_key=True)
    uuid: str = Field(primary_key=True)
    type: str | None = None
    related_client_uuid: str | None = None
    related_client_name: str | None = None
    number_of_shares: int | None = None
    percentage: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    ordinal: int
