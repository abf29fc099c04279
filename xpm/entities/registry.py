"""The entities, in the order of the support article. To add one, see CONTRIBUTING.md."""

from collections.abc import Mapping
from enum import StrEnum

from xpm.entities.clients import CLIENTS
from xpm.entities.custom_fields import CUSTOM_FIELDS
from xpm.entities.entity import Definition, RecordKind
from xpm.entities.jobs import JOB_CATEGORIES, JOBS
from xpm.entities.staff import STAFF
from xpm.entities.tax_returns import TAX_RETURNS


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
    def definition(self) -> Definition:
        """What the product knows about the entity."""
        return DEFINITIONS[self]

    @property
    def label(self) -> str:
        """The name an administrator reads."""
        return self.definition.label


DEFINITIONS: Mapping[Entity, Definition] = {
    Entity.JOBS: JOBS,
    Entity.CLIENTS: CLIENTS,
    Entity.STAFF: STAFF,
    Entity.TAX_RETURNS: TAX_RETURNS,
    Entity.CUSTOM_FIELDS: CUSTOM_FIELDS,
}

EVERYTHING = tuple(Entity)
"""All entities, in the article's order. A record may arrive before the records it refers to."""

KINDS: Mapping[str, RecordKind] = {
    kind.table.name: kind for definition in DEFINITIONS.values() for kind in definition.kinds
}
"""Every kind of record, by the name of its table (`xpm.store.records.kinds.ALL`)."""

SHORTEST_LIST = JOB_CATEGORIES
"""The cheapest list to read. An answer proves that the person may still use XPM."""
