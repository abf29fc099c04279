"""What this product writes to XPM: the endpoints and the bodies of their requests.

Requests are flat where answers are nested (`AccountManagerUUID`, not `AccountManager/UUID`), and some of their elements
have other names. A builder raises `ValueError` for what cannot be written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar, Literal

from lxml import etree

from xpm.xero.endpoints import Endpoint
from xpm.xero.models import Client, Job, TimeEntry
from xpm.xero.xml.writing import add, amount, day, document, flag, whole, yes_or_no

_CLIENT, _JOB, _TIME = "practicemanager.client", "practicemanager.job", "practicemanager.time"


@dataclass(frozen=True)
class WriteEndpoint:
    """One PUT or POST endpoint of XPM 3.1.

    Attributes:
        label: its name in logs and errors.
        path: relative to the API's base; may contain `{key}`.
        scope: the narrowest scope that covers it.
        key_of: XPM's word for the kind of record that is written to.
        answer: how to read the record in the answer; None if only the answer's Status counts.
    """

    label: str
    method: str
    path: str
    scope: str
    key_of: str | None
    answer: Endpoint[Any] | None = None


def _answer(label: str, item: str, model: type[Any]) -> Endpoint[Any]:
    return Endpoint(label, "", item, model)


JOB_UPDATE = WriteEndpoint("job.update", "PUT", "job.api/update", _JOB, "job", _answer("job.update", "Job", Job))
JOB_STATE = WriteEndpoint("job.state", "PUT", "job.api/state", _JOB, "job")  # some answers have a job, others do not
JOB_ASSIGN = WriteEndpoint("job.assign", "PUT", "job.api/assign", _JOB, "job", _answer("job.assign", "Job", Job))
JOB_FIELD_VALUES = WriteEndpoint("job.update-customfield", "PUT", "job.api/update/{key}/customfield", _JOB, "job")
CLIENT_UPDATE = WriteEndpoint(
    "client.update", "PUT", "client.api/update", _CLIENT, "client", _answer("client.update", "Client", Client)
)
CLIENT_FIELD_VALUES = WriteEndpoint(
    "client.update-customfield", "PUT", "client.api/update/{key}/customfield", _CLIENT, "client"
)
TIME_ADD = WriteEndpoint("time.add", "POST", "time.api/add", _TIME, "job", _answer("time.add", "Time", TimeEntry))

ENDPOINTS = (JOB_UPDATE, JOB_STATE, JOB_ASSIGN, JOB_FIELD_VALUES, CLIENT_UPDATE, CLIENT_FIELD_VALUES, TIME_ADD)


@dataclass(frozen=True)
class Write:
    """One call that writes. `key` names the record in XPM's addresses: a job's number, a client's UUID.

    `state_code` is the code of the job state that the body has, if it has one.
    """

    endpoint: WriteEndpoint
    key: str
    body: bytes = field(repr=False)
    state_code: str | None = None

    def __post_init__(self) -> None:
        """Refuse a write to no record: its address would be that of another endpoint."""
        if not self.key.strip():
            raise ValueError(f"{self.endpoint.label} needs the key of a record.")

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, in hex, by which a journal recognises it without holding what people wrote."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True)
class JobDetails:
    """What one call updates of a job. XPM may clear what a call leaves out, so each call has everything.

    Only a category that is None is left out, since no empty one is documented. Name the one that the job has.
    """

    number: str
    name: str | None
    description: str | None
    start_date: date | None
    due_date: date | None
    client_order_number: str | None
    category_uuid: str | None
    budget: Decimal | None


def job_update(job: JobDetails) -> Write:
    """Update the fields of a job."""
    root = etree.Element("Job")
    add(root, "ID", job.number)
    add(root, "Name", job.name)
    add(root, "Description", job.description)
    add(root, "StartDate", _or_empty(day, job.start_date))
    add(root, "DueDate", _or_empty(day, job.due_date))
    add(root, "ClientNumber", job.client_order_number)
    if job.category_uuid is not None:
        add(root, "CategoryUUID", job.category_uuid)
    add(root, "Budget", _or_empty(amount, job.budget))
    return Write(JOB_UPDATE, job.number, document(root))


def job_state(number: str, uuid: str | None, code: str) -> Write:
    """Put a job into a state, named by its interface code. Answers have the state's display name."""
    root = _job(number, uuid)
    add(root, "State", code)
    return Write(JOB_STATE, number, document(root), state_code=code)


@dataclass(frozen=True)
class Assignment:
    """What becomes of a job's manager or partner: `Assignment.to(uuid)`, `Assignment.REMOVE` or `Assignment.LEAVE`."""

    verb: Literal["add", "remove", "leave"]
    uuid: str | None = None

    LEAVE: ClassVar["Assignment"]
    REMOVE: ClassVar["Assignment"]

    def __post_init__(self) -> None:
        """Refuse to assign nobody."""
        if (self.verb == "add") != bool(self.uuid and self.uuid.strip()):
            raise ValueError("Only who is assigned is named, and must be.")

    @classmethod
    def to(cls, uuid: str) -> "Assignment":
        """Assign this staff member in place of whoever was."""
        return cls("add", uuid)


Assignment.LEAVE = Assignment("leave")
Assignment.REMOVE = Assignment("remove")


def job_assign(
    number: str,
    uuid: str | None,
    *,
    manager: Assignment = Assignment.LEAVE,
    partner: Assignment = Assignment.LEAVE,
) -> Write:
    """Change who manages a job and which partner it has."""
    root = _job(number, uuid)
    roles = [(role, one) for role, one in (("manager", manager), ("partner", partner)) if one.verb != "leave"]
    if not roles:
        raise ValueError("There is nothing to assign.")
    for role, one in roles:
        add(root, f"{one.verb}-{role}", **({"uuid": one.uuid} if one.uuid else {}))
    return Write(JOB_ASSIGN, number, document(root))


@dataclass(frozen=True)
class FieldValue:
    """A new value of a custom field. `element` is the `value_element` of its definition; None clears the field."""

    uuid: str
    element: str
    value: str | date | Decimal | bool | None

    def written(self) -> str:
        """Return the text of the element. An unticked checkbox is false: XPM documents no way to clear it."""
        if self.element not in _VALUES:
            raise ValueError(f"XPM has no values in an element {self.element}.")
        kind, text = _VALUES[self.element]
        if self.value is None:
            return flag(False) if kind is bool else ""
        if not isinstance(self.value, kind):
            raise ValueError(f"{self.element} cannot hold a {type(self.value).__name__}.")  # noqa: TRY004 - as above
        return text(self.value)


_VALUES: Mapping[str, tuple[type, Callable[[Any], str]]] = {
    "Text": (str, str),
    "Date": (date, day),
    "Number": (Decimal, whole),
    "Decimal": (Decimal, amount),
    "Boolean": (bool, flag),
}


def field_values(owner: Literal["job", "client"], key: str, values: Sequence[FieldValue]) -> Write:
    """Set custom fields of one job, by its number, or of one client. A field that is not named keeps its value."""
    if not values or len({value.uuid for value in values}) < len(values):
        raise ValueError("Each custom field is written once, and there must be one.")
    root = etree.Element("CustomFields")
    for value in values:
        one = add(root, "CustomField")
        add(one, "UUID", value.uuid)
        add(one, value.element, value.written())
    return Write(JOB_FIELD_VALUES if owner == "job" else CLIENT_FIELD_VALUES, key, document(root))


_SAME_NAME = (
    "name", "email",
    "address", "city", "region", "post_code", "country",
    "postal_address", "postal_city", "postal_region", "postal_post_code", "postal_country",
    "phone", "fax", "referral_source", "export_code", "client_code",
    "title", "gender", "first_name", "middle_name", "last_name", "other_name",
    "date_of_birth", "date_of_death", "place_of_birth_city", "place_of_birth_country_code",
    "company_number", "business_number", "branch_number", "business_structure", "balance_month",
    "prepare_gst", "gst_registered", "gst_period", "gst_basis", "provisional_tax_basis", "provisional_tax_ratio",
    "signed_tax_authority", "tax_agent", "agency_status", "return_type",
    "prepare_activity_statement", "prepare_tax_return", "active_ato_client",
)  # fmt: skip

CLIENT_FIELDS: Mapping[str, str] = {name: Client.model_fields[name].alias or name for name in _SAME_NAME} | {
    "website": "WebSite",
    "account_manager_uuid": "AccountManagerUUID",
    "job_manager_uuid": "JobManagerUUID",
    "billing_client_uuid": "BillingClientUUID",
}
"""What may be written of a client, and its element: what Xero's description of XPM 3.1 (OpenAPI, `ClientUpdateRequest`)
has, but not the tax number, of which XPM shows all but three digits as asterisks. Its page on clients lists fewer."""

_GST_PERIODS = {"Monthly": "1", "2 Monthly": "2", "6 Monthly": "6"}
"""Answers have words where requests have a number of months (both documented)."""


def client_update(uuid: str, fields: Mapping[str, str | date | Decimal | bool | None]) -> Write:
    """Update fields of a client, by their names in `CLIENT_FIELDS`; None clears one.

    XPM may clear what an update leaves out, so it should have every field.
    """
    refused = sorted(fields.keys() - CLIENT_FIELDS.keys())
    if refused or not fields:
        raise ValueError(f"A client's {', '.join(refused) or 'update without fields'} cannot be written.")
    root = etree.Element("Client")
    add(root, "UUID", uuid)
    for name, element in CLIENT_FIELDS.items():
        if name in fields:
            text = _client_text(fields[name])
            add(root, element, _GST_PERIODS.get(text, text) if name == "gst_period" else text)
    return Write(CLIENT_UPDATE, uuid, document(root))


def timesheet(  # noqa: PLR0917 - as the elements of XPM's Timesheet
    job_number: str, task_uuid: str, staff_uuid: str, date: date, minutes: int, note: str | None = None
) -> Write:
    """Add a time entry. Sent twice, it is there twice."""
    root = etree.Element("Timesheet")
    add(root, "Job", job_number)
    add(root, "TaskUUID", task_uuid)
    add(root, "StaffUUID", staff_uuid)
    add(root, "Date", day(date))
    add(root, "Minutes", str(minutes))
    add(root, "Note", note)
    return Write(TIME_ADD, job_number, document(root))


def _job(number: str, uuid: str | None) -> etree._Element:
    root = etree.Element("Job")
    add(root, "ID", number)
    if uuid is not None:
        add(root, "UUID", uuid)
    return root


def _or_empty(write: Callable[[Any], str], value: object) -> str:
    return "" if value is None else write(value)


def _client_text(value: str | date | Decimal | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return yes_or_no(value)
        case date():
            return day(value)
        case Decimal():
            return amount(value)
        case _:
            return value
