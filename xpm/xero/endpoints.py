"""The XPM endpoints that this product reads."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from xpm.xero.models import (
    Category,
    Client,
    ClientGroup,
    CustomFieldDefinition,
    CustomFieldValue,
    Job,
    Staff,
    TimeEntry,
    XpmRecord,
)

M = TypeVar("M", bound=XpmRecord)


@dataclass(frozen=True)
class Endpoint(Generic[M]):
    """One GET endpoint of XPM 3.1.

    Attributes:
        label: its name in logs and errors.
        path: relative to the API's base; may contain `{key}`.
        key_of: XPM's word for the kind of record that `{key}` identifies.
        item: the element of a record.
        container: the element around the records; None if a record is directly under the root.
        scope: the narrowest scope that covers it; None if only the broad scopes are known to.
    """

    label: str
    path: str
    item: str
    model: type[M]
    container: str | None = None
    scope: str | None = None
    key_of: str | None = None


_CLIENT = "practicemanager.client.read"
_JOB = "practicemanager.job.read"
_STAFF = "practicemanager.staff.read"
_TIME = "practicemanager.time.read"

CLIENTS = Endpoint("client.list", "client.api/list", "Client", Client, "Clients", _CLIENT)
CLIENT_PAGE = Endpoint("client.paged-list", "client.api/paged-list", "Client", Client, "Clients", _CLIENT)
CLIENT = Endpoint("client.get", "client.api/get/{key}", "Client", Client, None, _CLIENT, "client")
CLIENT_FIELD_VALUES = Endpoint(
    "client.customfield",
    "client.api/get/{key}/customfield",
    "CustomField",
    CustomFieldValue,
    "CustomFields",
    _CLIENT,
    "client",
)
CLIENT_GROUPS = Endpoint("clientgroup.list", "clientgroup.api/list", "Group", ClientGroup, "Groups", _CLIENT)
CURRENT_JOBS = Endpoint("job.current", "job.api/current", "Job", Job, "Jobs", _JOB)
JOBS = Endpoint("job.list", "job.api/list", "Job", Job, "Jobs", _JOB)
JOB = Endpoint("job.get", "job.api/get/{key}", "Job", Job, None, _JOB, "job")
JOBS_OF_CLIENT = Endpoint("job.client", "job.api/client/{key}", "Job", Job, "Jobs", _JOB, "client")
JOB_FIELD_VALUES = Endpoint(
    "job.customfield", "job.api/get/{key}/customfield", "CustomField", CustomFieldValue, "CustomFields", _JOB, "job"
)
STAFF = Endpoint("staff.list", "staff.api/list", "Staff", Staff, "StaffList", _STAFF)
TIME_OF_JOB = Endpoint("time.job", "time.api/job/{key}", "Time", TimeEntry, "Times", _TIME, "job")
JOB_CATEGORIES = Endpoint("category.list", "category.api/list", "Category", Category, "Categories")
CUSTOM_FIELD_DEFINITIONS = Endpoint(
    "customfield.definition",
    "customfield.api/definition",
    "CustomFieldDefinition",
    CustomFieldDefinition,
    "CustomFieldDefinitions",
)
