"""The views of XPM's records: what each list omits, and how `get` differs from the lists."""

from __future__ import annotations

from sandbox.generator.record import Record
from sandbox.xpm.render import View

_DETAIL_OF_CLIENTS = frozenset({"Notes", "Groups", "Relationships"})  # added by detailed=true, as others measured
_DETAIL_OF_JOBS = frozenset({"Tasks", "Milestones", "Notes"})


def _got_client(record: Record) -> Record:
    """Reshape for `get`: the date of birth has no time, and the two flags appear only if set."""
    created_at = record.get("DateOfBirth")
    shaped = _masked(record) | {"DateOfBirth": created_at[:10] if created_at else None}
    return {name: part for name, part in shaped.items() if not (name in {"IsArchived", "IsDeleted"} and part == "No")}


def _masked(record: Record) -> Record:
    """Reshape for every read: of a tax number, only the last three digits are shown."""
    number = record.get("TaxNumber")
    return record | {"TaxNumber": "*" * (len(number) - 3) + number[-3:]} if number else record


CLIENT = View("plain", "Client", _DETAIL_OF_CLIENTS, _masked)
CLIENT_DETAILED = View("detailed", "Client", reshape=_masked)
CLIENT_PAGED = View("paged", "Client", _DETAIL_OF_CLIENTS | {"Contacts"}, _masked)
CLIENT_GOT = View("get", "Client", reshape=_got_client)
JOB = View("plain", "Job", _DETAIL_OF_JOBS)
JOB_DETAILED = View("detailed", "Job")
CONTACT = View("plain", "Contact", frozenset({"IsPrimary", "Position"}))
GROUP = View("plain", "Group")
STAFF = View("plain", "Staff")
CATEGORY = View("plain", "Category")
TEMPLATE = View("plain", "Template")
JOB_STATE = View("plain", "JobState")
DEFINITION = View("plain", "CustomFieldDefinition")
VALUE = View("plain", "CustomField")
TIME = View("plain", "Time")
