"""What all XPM records have in common."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal


class XpmRecord(BaseModel):
    """A record as XPM sends it: immutable, addressed by XPM's element names or by ours."""

    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, frozen=True, extra="ignore")


class Reference(XpmRecord):
    """A pointer to another record, with the name XPM showed beside it at that moment.

    What it points to may not have been synced yet, or may not exist any more.
    """

    uuid: str = Field(alias="UUID")
    name: str | None = None
