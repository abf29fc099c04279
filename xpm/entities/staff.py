"""Staff: one list. People who are deleted in XPM leave it."""

from xpm.entities.entity import Definition, ListedKind, Outlined, Plan, Probe
from xpm.entities.entity import outlines as outlines_of
from xpm.entities.names import Noun
from xpm.entities.row import RowShape
from xpm.store.records import kinds, outlines
from xpm.xero import endpoints
from xpm.xero.models import Staff

STAFF = Definition(
    button="Sync Staff",
    main=ListedKind(kinds.STAFF, "Staff", Noun.STAFF, Staff, RowShape("uuid"), endpoints.STAFF),
    plan=Plan.WHOLE_LISTS,
    calls=lambda _: 1,
    probes=(Probe(endpoints.STAFF, Noun.STAFF),),
    outlined=Outlined("Staff", outlines.staff, lambda api: outlines_of(api.list(endpoints.STAFF))),
)
