"""What entities and kinds of records are called. Loads at once, so that the command line can offer the names."""

from enum import StrEnum


class Entity(StrEnum):
    """One button of FYI's "XPM Integration" window, by the name that runs, settings and URLs use.

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
        return "Custom fields" if self is Entity.CUSTOM_FIELDS else self.capitalize().replace("_", " ")


EVERYTHING = tuple(Entity)
"""All entities, in the order of the support article; a record may arrive before what it refers to."""


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
        """What it is called in a sentence."""
        return self.replace("-", " ")
