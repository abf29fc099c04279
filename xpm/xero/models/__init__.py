"""One pydantic model for every XPM record this product uses.

Aliases are XPM's element names. Only the key of a record is required: XPM leaves out what is empty, and each practice
has elements others lack. Elements a model does not name are left to the parser to count, never an error.
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
    "Milestone",
    "NoteComment",
    "Reference",
    "Relationship",
    "Staff",
    "Task",
    "TaxReturn",
    "XpmRecord",
]
