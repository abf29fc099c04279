"""The entities, in the order of the support article. To add one, see CONTRIBUTING.md."""

from collections.abc import Collection, Mapping

from xpm.entities.clients import CLIENTS
from xpm.entities.custom_fields import CUSTOM_FIELDS
from xpm.entities.entity import Definition, Probe, RecordKind
from xpm.entities.jobs import JOBS
from xpm.entities.names import Entity, Noun
from xpm.entities.pushed import Pushed
from xpm.entities.staff import STAFF
from xpm.entities.tax_returns import TAX_RETURNS
from xpm.xero import endpoints
from xpm.xero.scopes import Coverage, covers

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

_CHEAPEST_FIRST = (endpoints.JOB_CATEGORIES, endpoints.STAFF, endpoints.JOBS, endpoints.CLIENT_PAGE)


def proof(granted: Collection[str]) -> Probe | None:
    """The cheapest call that these scopes surely cover: an answer proves that the person may still use XPM.

    `None` if they cover nothing that XPM has.
    """
    probes = {probe.endpoint: probe for definition in DEFINITIONS.values() for probe in definition.probes}
    covered = (one for one in _CHEAPEST_FIRST if covers(granted, one.scope) is Coverage.YES)
    return next((probes[endpoint] for endpoint in covered), None)
