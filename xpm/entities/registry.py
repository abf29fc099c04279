"""What can be synchronised, in the order of the support article."""

from enum import StrEnum


class Entity(StrEnum):
    """One button of FYI's "XPM Integration" window.

    Groups come with clients and categories with jobs; custom fields are definitions and the values of clients and jobs.
    """

    JOBS = "jobs"
    CLIENTS = "clients"
    STAFF = "staff"
    TAX_RETURNS = "tax_returns"
    CUSTOM_FIELDS = "custom_field_definitions"

    @property
    def label(self) -> str:
        """The name an administrator reads."""
        return _TITLES[self]


EVERYTHING = tuple(Entity)
"""All of them, in the article's order; a record may arrive before what it refers to."""

_TITLES = {
    Entity.JOBS: "Jobs",
    Entity.CLIENTS: "Clients",
    Entity.STAFF: "Staff",
    Entity.TAX_RETURNS: "Tax returns",
    Entity.CUSTOM_FIELDS: "Custom fields",
}

LABELS = {
    "client": "Clients",
    "contact": "Contacts",
    "client_group": "Client groups",
    "job": "Jobs",
    "job_category": "Job categories",
    "staff": "Staff",
    "tax_return": "Tax returns",
    "custom_field_definition": "Custom fields",
    "client_custom_fields": "Custom fields of clients",
    "job_custom_fields": "Custom fields of jobs",
}
"""What an administrator calls each kind of record (`xpm.store.records.kinds.ALL`)."""
