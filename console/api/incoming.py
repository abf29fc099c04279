"""What goes in to the API. The classes' texts are its documentation."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, EmailStr, Field

from xpm.entities.registry import PUSHED

LARGEST_NUMBER = 2**63 - 1
MOST_EDITS = 1_000
"""The most records that one request edits; more are several requests."""
MOST_DECIDED = 10_000
"""The most conflicts that one request decides."""
LONGEST_VALUE = 32_000  # characters


def _without_nul(text: str) -> str:
    """No NUL, which PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("it has a NUL character")
    return text


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC, as the database compares it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is too far away") from None


Name = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_without_nul)]
Text = Annotated[str, Field(max_length=LONGEST_VALUE), AfterValidator(_without_nul)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Kind = Literal["job", "client"]
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Values = Annotated[
    dict[Name, Text],
    Field(
        min_length=1,
        max_length=200,
        description="What fields are to have, by name or label; an empty text empties the field. "
        + "".join(f"A {noun.words} has {', '.join(of.name for of in PUSHED[noun].fields)}. " for noun in sorted(PUSHED))
        + "Custom fields go by their names, with `custom:` before one that is called like another field, or by XPM ID.",
    ),
]
By = Annotated[EmailStr, Field(max_length=320, description="Who edits: an active FYI user of the practice.")]


MOST_OF_PAGE = 500
PageLimit = Annotated[int, Field(ge=1, le=MOST_OF_PAGE, description="The most entries of the page.")]


class Incoming(BaseModel):
    """A request. A misspelt part is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ApiChange(Incoming):
    """An edit of one record."""

    by: By
    version: Name = Field(description="The version of the record that the editor saw.")
    values: Values


class OneEdit(Incoming):
    """What is to change in one of several records."""

    kind: Kind
    record: Name = Field(description="A job's number or XPM ID, or a client's XPM ID.")
    values: Values
    version: Name | None = None


class Edits(Incoming):
    """Edits of several records: all of them are made, or none."""

    by: By
    edits: Annotated[list[OneEdit], Field(min_length=1, max_length=MOST_EDITS)]
    confirm: Number | None = Field(None, description="How many records a person has confirmed after a 428.")


class Deciding(Incoming):
    """Who decides."""

    by: By


class DecidingConflict(Deciding):
    """Who chooses between the two values of a conflict, and which value of XPM's they saw."""

    seen: Moment = Field(
        description="The edit's `theirs_at` when the person saw it: 409 if XPM has had another value since."
    )


class DecidingAll(Deciding):
    """Who decides about all conflicts of a field, and which values of XPM's they saw."""

    field: Name = Field(description="The field's name, label or XPM ID.")
    seen: Annotated[dict[Number, Moment], Field(max_length=MOST_DECIDED)] = Field(
        description="The `theirs_at` of each conflict that they saw, by the edit's number: 409 if there are others."
    )


class Time(Incoming):
    """Time to record for a job. Negative minutes take time back."""

    by: By
    staff: Name = Field(description="A staff member's email address, name or XPM ID.")
    task: Name = Field(description="A task of the job, by name or XPM ID.")
    date: date
    minutes: Annotated[int, Field(ge=-1440, le=1440)]
    note: Text = ""
    id: UUID | None = Field(
        None, description="A UUID of your own for the entry. If the same request is sent again, it is recorded once."
    )
