"""The children of records that JSON columns hold. They are only ever read together with their record.

Days are ISO texts (`2026-03-31`), wall-clock times are ISO texts without a zone, amounts are texts. A key may be
missing.
"""

from typing_extensions import TypedDict  # pydantic refuses the one of `typing` before Python 3.12


class AssignedStaffPart(TypedDict, total=False):
    """A staff member assigned to a job or task."""

    uuid: str
    name: str | None
    allocated_minutes: int | None


class TaskPart(TypedDict, total=False):
    """A task of a job."""

    uuid: str
    task_uuid: str | None
    name: str | None
    description: str | None
    estimated_minutes: int | None
    actual_minutes: int | None
    completed: bool
    billable: bool
    folder: str | None
    start_date: str | None
    due_date: str | None
    assigned: list[AssignedStaffPart]


class MilestonePart(TypedDict, total=False):
    """A dated mark on a job."""

    uuid: str
    date: str | None
    description: str | None
    completed: bool
    folder: str | None


class NoteCommentPart(TypedDict, total=False):
    """A reply to a note on a job."""

    uuid: str | None
    text: str | None
    date: str | None
    created_by: str | None


class JobNotePart(TypedDict, total=False):
    """A note on a job."""

    uuid: str | None
    title: str | None
    text: str | None
    folder: str | None
    date: str | None
    created_by: str | None
    comments: list[NoteCommentPart]


class ClientNotePart(TypedDict, total=False):
    """A note on a client."""

    title: str | None
    text: str | None
    folder: str | None
    date: str | None
    created_by: str | None
    tags: str | None
