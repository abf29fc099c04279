"""Clients with their contacts, groups and relationships.

XPM's list includes archived and deleted clients, with a flag, and can be narrowed to changes since a moment.
"""

from xpm.entities.entity import Definition, ListedKind, Outlined, Plan, Probe, RecordKind
from xpm.entities.entity import outlines as outlines_of
from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType, Pushed, details, texts
from xpm.entities.row import Children, RowShape
from xpm.store.records import kinds, outlines
from xpm.store.records.outlines import Outline
from xpm.store.vocabulary import ArchiveReason
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.models import Client, ClientGroup
from xpm.xero.records import Unreadable

ROW = RowShape(
    "uuid",
    owned=(
        Children(
            "client_contact",
            "contacts",
            (("uuid", "contact_uuid"), ("is_primary", "is_primary"), ("position", "position")),
        ),
        Children("client_group_member", "groups", (("uuid", "group_uuid"), ("name", "group_name"))),
        Children("client_relationship", "relationships"),
    ),
    # a contact has a position with each client, so it is stored with the pair
    shared=(Children("contact", "contacts", without=frozenset({"is_primary", "position"})),),
    # FYI shows both as archived (FYI: "Why is there an active and an archived client …")
    marks=(("is_deleted", ArchiveReason.DELETED), ("is_archived", ArchiveReason.ARCHIVED)),
)

PUSHED = Pushed(
    kinds.CLIENTS,
    kinds.CLIENT_CUSTOM_FIELDS,
    (
        details("name", "Name", "name", is_needed=True),
        details("partner", "Partner", "account_manager_uuid", FieldType.STAFF),
        details("manager", "Manager", "job_manager_uuid", FieldType.STAFF),
        *texts("First name", "Last name", "Other name", "Email", "Phone", "Fax", "Website", "Referral source"),
        *texts("Address", "City", "Region", "Post code", "Country"),
        *texts("Postal address", "Postal city", "Postal region", "Postal post code", "Postal country"),
        details("date-of-birth", "Date of birth", "date_of_birth", FieldType.DAY),
    ),
)
"""The details that XPM lets apps write. It masks tax numbers when they are read, so FYI never sends one."""


def _current(api: XpmApi) -> list[Outline]:
    listed = api.clients(detailed=False)
    return outlines_of(one for one in listed if isinstance(one, Unreadable) or not (one.is_archived or one.is_deleted))


CLIENTS = Definition(
    button="Sync Clients",
    main=ListedKind(
        kinds.CLIENTS,
        "Clients",
        Noun.CLIENT,
        Client,
        ROW,
        endpoints.CLIENTS,
        archived_on_request=True,  # FYI: "Archived Clients"
        may_vanish=0,
    ),
    accompanying=(
        ListedKind(
            kinds.CLIENT_GROUPS,
            "Client groups",
            Noun.CLIENT_GROUP,
            ClientGroup,
            RowShape("uuid"),
            endpoints.CLIENT_GROUPS,
        ),
    ),
    parts=(RecordKind(kinds.CONTACTS, "Contacts", Noun.CONTACT),),
    plan=Plan.MODIFIED_SINCE,
    calls=lambda _: 2,  # groups and clients
    probes=(Probe(endpoints.CLIENT_PAGE, "clients", lambda _: {"pageSize": "1"}),),
    outlined=Outlined("Clients", outlines.clients, _current),
    pushed=PUSHED,
)
