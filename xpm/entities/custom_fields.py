"""Custom fields: their definitions, and their values, which XPM gives for one client or job per call."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from xpm.entities.clients import CLIENTS
from xpm.entities.entity import Circumstances, Definition, ListedKind, Plan, Probe, RecordKind
from xpm.entities.jobs import JOBS
from xpm.entities.names import Noun
from xpm.entities.prediction import PlannedPull
from xpm.entities.row import RowShape, columns_of, digest
from xpm.store.pull import comparisons
from xpm.store.records import kinds
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow, Unread
from xpm.store.vocabulary import CallPriority, OwnerKind, SyncMode, SyncTrigger
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.models import CustomFieldDefinition, CustomFieldValue
from xpm.xero.records import PartlyRead, Read, Records, Unreadable
from xpm.xero.scopes import Coverage, covers

SHARE_OF_THE_DAY = 0.5
"""The share of the day's calls that one run may spend on values. The rest is for people and for other syncs."""

_UUID = frozenset({"uuid"})
_VALUE = "custom_field_value"


@dataclass(frozen=True)
class Values:
    """Where the values of one kind of owner are: the owners' table, the values' table, and XPM's call for one owner.

    The call takes a client's UUID or a job's number. `label` is the administrator's word for the values, and `scope`
    the narrowest scope that covers the call.
    """

    label: str
    owners: RecordTable
    table: RecordTable
    scope: str | None
    in_xpm: Callable[[XpmApi, str], Records[CustomFieldValue]]


VALUES = {
    OwnerKind.CLIENT: Values(
        "Custom fields of clients",
        kinds.CLIENTS,
        kinds.CLIENT_CUSTOM_FIELDS,
        endpoints.CLIENT_FIELD_VALUES.scope,
        XpmApi.client_field_values,
    ),
    OwnerKind.JOB: Values(
        "Custom fields of jobs",
        kinds.JOBS,
        kinds.JOB_CUSTOM_FIELDS,
        endpoints.JOB_FIELD_VALUES.scope,
        XpmApi.job_field_values,
    ),
}


def may_be_read(values: Values, granted: Collection[str]) -> bool:
    """Whether these scopes cover the values of this kind of owner."""
    return covers(granted, values.scope) is Coverage.YES


def values_row(
    owner_key: str, values: Iterable[CustomFieldValue], unread: Collection[str | None] = frozenset()
) -> RecordRow:
    """The row with all custom field values of one client (by UUID) or job (by number).

    `unread` are the fields whose values could not be read; `None` stands for a value of an unknown field.
    """
    by_definition = sorted({value.uuid: value for value in values}.items())
    rows = [{"definition_uuid": uuid, **columns_of(value, without=_UUID)} for uuid, value in by_definition]
    stay = tuple(Unread(_VALUE, item=uuid, key="definition_uuid") for uuid in unread)
    marks = (repr(stay).encode(),) if stay else ()
    content_hash = digest(*(value.model_dump_json().encode() for _, value in by_definition), *marks)
    return RecordRow(owner_key, content_hash, columns={}, owned={_VALUE: rows}, unread=stay)


def read_values(
    owner_key: str, values: Iterable[Read[CustomFieldValue]], unknown: Collection[str] = ()
) -> tuple[RecordRow, Unreadable | None]:
    """The row with the values of one owner, and what was left out of it.

    A value that could not be read stays as it is stored. So do two different values of one field, and a field without a
    value if the answer had `unknown` elements: one of these may be its value.
    """
    read: dict[str, CustomFieldValue] = {}
    left_out: dict[str | None, tuple[str, str]] = {}  # by field, or `None` for an unknown one: why, and what was sent
    for one in values:
        if isinstance(one, Unreadable):
            left_out[one.key] = (one.reason, one.payload)
            continue
        value = one.record if isinstance(one, PartlyRead) else one
        if isinstance(one, PartlyRead) and one.left_out:
            left_out[value.uuid] = (f"{value.name or value.uuid}: {one.reason}", one.payload)
        elif unknown and _is_empty(value):
            fault = f"{value.name or value.uuid}: has its value where FYI does not look ({', '.join(unknown)})"
            left_out[value.uuid] = (fault, value.model_dump_json())
        elif read.setdefault(value.uuid, value) != value:
            left_out[value.uuid] = (f"{value.name or value.uuid}: has two different values", value.model_dump_json())
    row = values_row(owner_key, (value for uuid, value in read.items() if uuid not in left_out), left_out)
    if not left_out:
        return row, None
    reasons, sent = zip(*left_out.values(), strict=True)
    fields = ", ".join(key or "one without a key" for key in left_out)
    return row, Unreadable(owner_key, "; ".join(reasons), "\n".join(sent), fields)


def _is_empty(value: CustomFieldValue) -> bool:
    return not value.model_dump(exclude={"uuid", "name"}, exclude_none=True)


def allowance(calls_per_day: int) -> int:
    """How many owners one run may ask for, at one call each."""
    return int(calls_per_day * SHARE_OF_THE_DAY)


def _calls(planned: PlannedPull) -> int:
    """One for the definitions, and one for each client and job that is due or chosen, up to one run's allowance."""
    if planned.mode is SyncMode.LISTS and not planned.chosen:
        return 1
    changes_only = planned.mode is SyncMode.CHANGES
    due = planned.chosen or sum(
        comparisons.count_due(
            planned.session,
            values.owners,
            planned.scope,
            kind,
            changes_only=changes_only,
            values_since=planned.values_since,
        )
        for kind, values in VALUES.items()
        if may_be_read(values, planned.granted)
    )
    return 1 + min(due, allowance(planned.calls_per_day))


def _left_out(now: Circumstances) -> str | None:
    """*Sync Custom Fields From XPM* applies only to the overnight sync (FYI: "Resetting your connection …")."""
    if now.trigger is SyncTrigger.OVERNIGHT and not now.settings.sync_custom_fields:
        return "sync.skipped_custom_fields"
    return None


CUSTOM_FIELDS = Definition(
    button="Sync Custom Fields",
    main=ListedKind(
        kinds.CUSTOM_FIELD_DEFINITIONS,
        "Custom fields",
        Noun.CUSTOM_FIELD,
        CustomFieldDefinition,
        RowShape("uuid"),
        endpoints.CUSTOM_FIELD_DEFINITIONS,
    ),
    parts=(
        RecordKind(kinds.CLIENT_CUSTOM_FIELDS, VALUES[OwnerKind.CLIENT].label, Noun.CLIENT_CUSTOM_FIELDS),
        RecordKind(kinds.JOB_CUSTOM_FIELDS, VALUES[OwnerKind.JOB].label, Noun.JOB_CUSTOM_FIELDS),
    ),
    plan=Plan.ONE_BY_ONE,
    calls=_calls,
    probes=(Probe(endpoints.CUSTOM_FIELD_DEFINITIONS, "custom fields"),),
    left_out=_left_out,
    overnight=CallPriority.VERIFICATION,
    values_of=(CLIENTS, JOBS),
)
