"""Time entries (`time.api`)."""

from pydantic import Field

from xpm.xero.models.record import Reference, XpmRecord
from xpm.xero.models.scalars import Flag, JobNumber, LocalDate, Uuid, WholeNumber


class JobReference(XpmRecord):
    """A job, as a time entry names it: by its number, never by its UUID."""

    number: JobNumber = Field(alias="ID")
    name: str | None = None


class TimeEntry(XpmRecord):
    """Time that a staff member spent on a task of a job. Negative minutes take time back."""

    uuid: Uuid = Field(alias="UUID")
    job: JobReference | None = None
    task: Reference | None = None
    staff: Reference | None = None
    date: LocalDate | None = None
    minutes: WholeNumber | None = None
    note: str | None = None
    billable: Flag | None = None
    start: str | None = None  # HH:MM, as is `end`: only of entries made with both
    end: str | None = None
    invoice_task_uuid: Uuid | None = Field(None, alias="InvoiceTaskUUID")
    web_url: str | None = None

    @property
    def job_number(self) -> str | None:
        """The number of its job."""
        return self.job.number if self.job else None

    @property
    def task_uuid(self) -> str | None:
        """The UUID of its task."""
        return self.task.uuid if self.task else None

    @property
    def staff_uuid(self) -> str | None:
        """The UUID of who spent the time."""
        return self.staff.uuid if self.staff else None
