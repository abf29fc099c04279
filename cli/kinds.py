"""The kinds of records and the entities, as a person types them."""

from enum import StrEnum


class Kind(StrEnum):
    """One kind of record."""

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
    def table(self) -> str:
        """The name of its record table."""
        return "custom_field_definition" if self is Kind.CUSTOM_FIELD else self.replace("-", "_")

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return self.replace("-", " ")


class EntityName(StrEnum):
    """What can be synced: the names and labels of `xpm.entities.registry`, which takes long to load."""

    JOBS = "jobs"
    CLIENTS = "clients"
    STAFF = "staff"
    TAX_RETURNS = "tax_returns"
    CUSTOM_FIELDS = "custom_field_definitions"

    @property
    def label(self) -> str:
        """The name an administrator reads."""
        return "Custom fields" if self is EntityName.CUSTOM_FIELDS else self.capitalize().replace("_", " ")
