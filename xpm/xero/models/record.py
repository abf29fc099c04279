"""The base of all XPM records."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from xpm.xero.models.scalars import Uuid


class XpmRecord(BaseModel):
    """A record as XPM sends it. It is immutable, and built from XPM's element names or from ours."""

    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, frozen=True, extra="ignore")

    key_tags: ClassVar[tuple[str, ...]] = ("UUID",)
    """The elements that may hold the record's key; the first that has a text does."""


class Reference(XpmRecord):
    """A reference to another record, with the name it had at the time.

    The other record may not be synced yet, or may no longer exist.
    """

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
