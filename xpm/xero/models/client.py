"""Clients, with their contacts, groups, relationships and notes (`client.api`, `clientgroup.api`)."""

from pydantic import Field

from xpm.xero.models.record import Reference, XpmRecord
from xpm.xero.models.scalars import Amount, Flag, LocalDate, LocalDateTime, Percentage, Uuid, WholeNumber


class Contact(XpmRecord):
    """A contact of a client. Several clients may share one."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    salutation: str | None = None
    addressee: str | None = None
    mobile: str | None = None
    email: str | None = None
    phone: str | None = None
    is_deleted: Flag = False
    is_primary: Flag = False  # for this client
    position: str | None = None  # for this client


class ClientNote(XpmRecord):
    """A note on a client. Xero replaces `folder` by `tags`, practice by practice (Xero changelog, August 2025)."""

    title: str | None = None
    text: str | None = None
    folder: str | None = None
    date: LocalDateTime | None = None
    created_by: str | None = None
    tags: str | None = None


class Group(XpmRecord):
    """A client group, as a client lists it."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None


class ClientGroup(XpmRecord):
    """A client group, as `clientgroup.api/list` sends it, without members: each client lists its own groups."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    taxable: Flag | None = None
    web_url: str | None = None


class Relationship(XpmRecord):
    """A client's relationship to another client: director, shareholder, trustee …"""

    uuid: Uuid = Field(alias="UUID")
    type: str | None = None
    related_client: Reference | None = None
    number_of_shares: WholeNumber | None = None
    percentage: Percentage | None = None
    start_date: LocalDate | None = None
    end_date: LocalDate | None = None


class ClientType(XpmRecord):
    """The billing terms of a type of client."""

    name: str | None = None
    cost_markup: Amount | None = None
    payment_term: str | None = None  # DayOfMonth or WithinDays
    payment_day: WholeNumber | None = None


class Client(XpmRecord):
    """A client of the practice, as `client.api/list?detailed=true` and `client.api/get` send it."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    title: str | None = None
    gender: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    other_name: str | None = None
    email: str | None = None
    date_of_birth: LocalDate | None = None
    date_of_death: LocalDate | None = None
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
    is_prospect: Flag | None = None
    is_archived: Flag = False  # some answers omit the flags; a missing flag means No
    is_deleted: Flag = False
    account_manager: Reference | None = None  # "Partner" on XPM's screens
    job_manager: Reference | None = None
    type: ClientType | None = None
    billing_client: Reference | None = None
    contacts: tuple[Contact, ...] = ()
    notes: tuple[ClientNote, ...] = ()
    groups: tuple[Group, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    # tax settings, only in practices with the tax module
    tax_number: str | None = None  # masked by Xero: asterisks and the last three digits
    company_number: str | None = None
    business_number: str | None = None
    branch_number: str | None = None
    business_structure: str | None = None
    balance_month: str | None = None
    prepare_gst: Flag | None = Field(None, alias="PrepareGST")
    gst_registered: Flag | None = Field(None, alias="GSTRegistered")
    gst_period: str | None = Field(None, alias="GSTPeriod")
    gst_basis: str | None = Field(None, alias="GSTBasis")
    provisional_tax_basis: str | None = None
    provisional_tax_ratio: str | None = None
    signed_tax_authority: Flag | None = None  # this and the next three: New Zealand
    tax_agent: str | None = None
    agency_status: str | None = None
    return_type: str | None = None
    prepare_activity_statement: Flag | None = None  # this and the next two: Australia
    prepare_tax_return: Flag | None = None
    active_ato_client: Flag | None = None
    web_url: str | None = None
