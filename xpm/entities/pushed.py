"""Which fields of a record people may edit in FYI, how each is typed, and by which call it reaches XPM."""

from dataclasses import dataclass
from enum import StrEnum

from xpm.store.records.kinds import RecordTable


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    DAY = "day"
    AMOUNT = "amount"
    WHOLE_NUMBER = "whole number"
    YES_NO = "yes or no"
    STATE = "job state"  # a state that the practice has
    STAFF = "staff member"  # somebody XPM knows, by email address
    OPTION = "option"  # one of a custom field's list


class Channel(StrEnum):
    """The call that brings a field to XPM. Fields of one record with one channel go together."""

    TIME = "time"
    DETAILS = "details"
    VALUES = "values"  # of custom fields
    ASSIGNMENT = "assignment"
    STATE = "state"


@dataclass(frozen=True)
class PushedField:
    """One field. `name` is what people and programs type, `label` what people read, `is_needed` that XPM wants a value.

    `column` is where the store has it; of a reference to somebody, that of the UUID.
    """

    name: str
    label: str
    column: str
    type: FieldType
    channel: Channel
    is_needed: bool = False


@dataclass(frozen=True)
class Pushed:
    """What people may edit of one kind of record: its own fields, and the custom fields that are kept in `values`."""

    table: RecordTable
    values: RecordTable
    fields: tuple[PushedField, ...]

    def named(self, name: str) -> PushedField | None:
        """The field with this name, in any letter case; `None` if there is none."""
        wanted = name.strip().casefold()
        return next((field for field in self.fields if wanted in (field.name, field.label.casefold())), None)

    def in_column(self, column: str) -> PushedField | None:
        """The field that the store has in this column."""
        return next((field for field in self.fields if field.column == column), None)


def details(
    name: str, label: str, column: str, kind: FieldType = FieldType.TEXT, *, is_needed: bool = False
) -> PushedField:
    """A field that goes with the record's other details."""
    return PushedField(name, label, column, kind, Channel.DETAILS, is_needed)


def texts(*labels: str) -> tuple[PushedField, ...]:
    """Text fields of a record's details, each named after its label."""
    return tuple(details(label.lower().replace(" ", "-"), label, label.lower().replace(" ", "_")) for label in labels)
