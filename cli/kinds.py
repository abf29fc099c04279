"""The kinds of records, as a person types them."""

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
