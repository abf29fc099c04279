"""The entities, in the order of the support article. To add one, see CONTRIBUTING.md."""

from collections.abc import Mapping

from xpm.entities.clients import CLIENTS
from xpm.entities.custom_fields import CUSTOM_FIELDS
from xpm.entities.entity import Definition, RecordKind
from xpm.entities.jobs import JOB_CATEGORIES, JOBS
from xpm.entities.names import Entity, Noun
from xpm.entities.pushed import Pushed
from xpm.entities.staff import STAFF
from xpm.entities.tax_returns import TAX_RETURNS

DEFINITIONS: Mapping[Entity, Definition] = {
    Entity.JOBS: JOBS,
    Entity.CLIENTS: CLIENTS,
    Entity.STAFF: STAFF,
    Entity.TAX_RETURNS: TAX_RETURNS,
    Entity.CUSTOM_FIELDS: CUSTOM_FIELDS,
}

KINDS: Mapping[str, RecordKind] = {
    kind.table.name: kind for definition in DEFINITIONS.values() for kind in definition.kinds
}
"""Every kind of record, by the name of its table (`xpm.store.records.kinds.ALL`)."""

BY_NOUN: Mapping[Noun, RecordKind] = {kind.noun: kind for kind in KINDS.values()}
"""Every kind of record, by what a person types for it."""

PUSHED: Mapping[Noun, Pushed] = {
    definition.main.noun: definition.pushed for definition in DEFINITIONS.values() if definition.pushed
}
"""What people may edit in FYI, by what a person types for the kind of record."""

SHORTEST_LIST = JOB_CATEGORIES
"""The cheapest list to read. An answer proves that the person may still use XPM."""
