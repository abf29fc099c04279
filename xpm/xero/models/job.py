"""Jobs with their tasks, milestones and notes (`job.api`), and job categories (`category.api`)."""

from typing import ClassVar

from pydantic import Field

from xpm.xero.models.record import Reference, XpmRecord
from xpm.xero.models.scalars import Amount, Flag, JobNumber, LocalDate, LocalDateTime, Uuid, WholeNumber


class AssignedStaff(XpmRecord):
    """A staff member assigned to a job or a task."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
    allocated_minutes: WholeNumber | None = None


class Task(XpmRecord):
    """A task of one job. `task_uuid` is the practice's task definition that it was made from."""

    uuid: Uuid = Field(alias="UUID")
    task_uuid: Uuid | None = Field(None, alias="TaskUUID")
    name: str | None = None
    description: str | None = None
    estimated_minutes: WholeNumber | None = None
    actual_minutes: WholeNumber | None = None
    completed: Flag = False
    billable: Flag = False
    folder: str | None = None
    start_date: LocalDate | None = None
    due_date: LocalDate | None = None
    assigned: tuple[AssignedStaff, ...] = ()


class Milestone(XpmRecord):
    """A milestone of a job."""

    uuid: Uuid = Field(alias="UUID")
    date: LocalDate | None = None
    description: str | None = None
    completed: Flag = False
    folder: str | None = None


class NoteComment(XpmRecord):
    """A reply to a note on a job."""

    uuid: Uuid | None = Field(None, alias="UUID")
    text: str | None = None
    date: LocalDateTime | None = None
    created_by: str | None = None


class JobNote(XpmRecord):
    """A note on a job."""

    uuid: Uuid | None = Field(None, alias="UUID")
    title: str | None = None
    text: str | None = None
    folder: str | None = None
    date: LocalDateTime | None = None
    created_by: str | None = None
    comments: tuple[NoteComment, ...] = ()


class Job(XpmRecord):
    """A job, as `job.api` sends it with `detailed=true`.

    Its UUID identifies it, though some answers omit that. XPM's addresses name its number, which people may change and
    give to another job. `state` is the display name that the practice chose and may be any text.
    """

    key_tags: ClassVar[tuple[str, ...]] = ("UUID", "ID")

    number: JobNumber = Field(alias="ID")
    uuid: Uuid | None = Field(None, alias="UUID")
    name: str | None = None
    description: str | None = None
    state: str | None = None
    type: str | None = None  # the job category's name
    client_order_number: str | None = None
    budget: Amount | None = None
    start_date: LocalDate | None = None
    due_date: LocalDate | None = None
    completed_date: LocalDate | None = None
    client: Reference | None = None  # missing once the client is archived or deleted
    contact: Reference | None = None
    manager: Reference | None = None
    partner: Reference | None = None
    assigned: tuple[AssignedStaff, ...] = ()
    tasks: tuple[Task, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    notes: tuple[JobNote, ...] = ()
    web_url: str | None = None

    @property
    def key(self) -> str:
        """The UUID, or the number of a job that XPM sent without one."""
        return self.uuid or self.number


class Category(XpmRecord):
    """A job category of the practice."""

    uuid: Uuid = Field(alias="UUID")
    name: str | None = None
