"""A pydantic model for each kind of XPM record.

Aliases are XPM's element names. Only a record's key is required: XPM omits empty elements, and practices differ in the
elements they have. The parser counts elements that no model names; they are never an error.
"""

from xpm.xero.models.client import (
    Client,
    ClientGroup,
    ClientNote,
    ClientType,
    Contact,
    Group,
    Relationship,
)
from xpm.xero.models.custom_field import CustomFieldDefinition, CustomFieldValue
from xpm.xero.models.job import AssignedStaff, Category, Job, JobNote, Milestone, NoteComment, Task
from xpm.xero.models.record import Reference, XpmRecord
from xpm.xero.models.staff import Staff
from xpm.xero.models.tax_return import TaxReturn
from xpm.xero.models.time import JobReference, TimeEntry

__all__ = [
    "AssignedStaff",
    "Category",
    "Client",
    "ClientGroup",
    "ClientNote",
    "ClientType",
    "Contact",
    "CustomFieldDefinition",
    "CustomFieldValue",
    "Group",
    "Job",
    "JobNote",
    "JobReference",
    "Milestone",
    "NoteComment",
    "Reference",
    "Relationship",
    "Staff",
    "Task",
    "TaxReturn",
    "TimeEntry",
    "XpmRecord",
]
