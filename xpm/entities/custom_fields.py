"""Custom fields: their definitions, and their values, which XPM gives for one client or job per call."""

from collections.abc import Callable, Sequence
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
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import CallPriority, OwnerKind, SyncMode, SyncTrigger
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.models import CustomFieldDefinition, CustomFieldValue
from xpm.xero.records import Records

SHARE_OF_THE_DAY = 0.5
"""The share of the day's calls that one run may spend on values. The rest is for people and for other syncs."""

_UUID = frozenset({"uuid"})


@dataclass(frozen=True)
class Values:
    """Where the values of one kind of owner are: the owners' table, the values' table, and XPM's call for one owner.

    The call takes a client's UUID or a job's number.
    """

    owners: RecordTable
    table: RecordTable
    in_xpm: Callable[[XpmApi, str], Records[CustomFieldValue]]


VALUES = {
    OwnerKind.CLIENT: Values(kinds.CLIENTS, kinds.CLIENT_CUSTOM_FIELDS, XpmApi.client_field_values),
    OwnerKind.JOB: Values(kinds.JOBS, kinds.JOB_CUSTOM_FIELDS, XpmApi.job_field_values),
}


def values_row(owner_key: str, values: Sequence[CustomFieldValue]) -> RecordRow:
    """The row with all custom field values of one client or job."""
    by_definition = {value.uuid: value for value in values}
    rows = [
        {"definition_uuid": uuid, **columns_of(value, without=_UUID)} for uuid, value in sorted(by_definition.items())
    ]
    content_hash = digest(*(value.model_dump_json().encode() for _, value in sorted(by_definition.items())))
    return RecordRow(owner_key, content_hash, columns={}, owned={"custom_field_value": rows})


def allowance(calls_per_day: int) -> int:
    """How many owners one run may ask for, at one call each."""
    return int(calls_per_day * SHARE_OF_THE_DAY)


def _calls(planned: PlannedPull) -> int:
    """One for the definitions, and one for each client and job that is due or chosen, up to one run's allowance."""
    changes_only = planned.mode is SyncMode.CHANGES
    due = planned.chosen or sum(
        comparisons.count_due(planned.session, values.owners, planned.scope, kind, changes_only=changes_only)
        for kind, values in VALUES.items()
    )
    return 1 + min(due, allowance(planned.calls_per_day))


def _left_out(now: Circumstances) -> str | None:
    """*Sync Custom Fields From XPM* applies only to the overnight sync (FYI: "Resetting your connection …")."""
    if now.trigger is SyncTrigger.OVERNIGHT and not now.settings.sync_custom_fields:
        return "sync.skipped_custom_fields"
    return None


CUSTOM_FIELDS = Definition(
    button="Sync Field Definitions",
    main=ListedKind(
        kinds.CUSTOM_FIELD_DEFINITIONS,
        "Custom fields",
        Noun.CUSTOM_FIELD,
        CustomFieldDefinition,
        RowShape("uuid"),
        endpoints.CUSTOM_FIELD_DEFINITIONS,
    ),
    parts=(
        RecordKind(kinds.CLIENT_CUSTOM_FIELDS, "Custom fields of clients", Noun.CLIENT_CUSTOM_FIELDS),
        RecordKind(kinds.JOB_CUSTOM_FIELDS, "Custom fields of jobs", Noun.JOB_CUSTOM_FIELDS),
    ),
    plan=Plan.ONE_BY_ONE,
    calls=_calls,
    probes=(Probe(endpoints.CUSTOM_FIELD_DEFINITIONS, "custom fields"),),
    left_out=_left_out,
    overnight=CallPriority.VERIFICATION,
    values_of=(CLIENTS, JOBS),
)
