"""The names of entities and kinds of record. Imports almost nothing, so the command line can offer them at once."""

from enum import StrEnum


class Entity(StrEnum):
    """One button of FYI's "XPM Integration" window. The value is its name in runs, settings and URLs.

    Groups come with clients, and categories with jobs. Custom fields are definitions and the values of clients and
    jobs.
    """

    JOBS = "jobs"
    CLIENTS = "clients"
    STAFF = "staff"
    TAX_RETURNS = "tax_returns"
    CUSTOM_FIELDS = "custom_field_definitions"

    @property
    def label(self) -> str:
        """The name an administrator reads."""
        return "Custom fields" if self is Entity.CUSTOM_FIELDS else self.capitalize().replace("_", " ")


EVERYTHING = tuple(Entity)
"""All entities, in the order of the support article. A record may arrive before the records it refers to."""


class Noun(StrEnum):
    """What a person types for one kind of record, as in `fyi-xpm history job J000001`."""

    CLIENT = "client"
    CONTACT = "contact"
    CLIENT_GROUP = "client-group"
    JOB = "job"
    JOB_CATEGORY = "job-category"
    STAFF = "staff"
    TAX_RETURN = "tax-return"
    CUSTOM_FIELD = "custom-field"
    CLIENT_CUSTOM_FIELDS = "client-custom-fields"
    JOB_CUSTOM_FIELDS = "job-custom-fields"

    @property
    def words(self) -> str:
        """The name in a sentence."""
        return self.replace("-", " ")
