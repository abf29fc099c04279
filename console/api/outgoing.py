"""What comes out of the API. The classes' texts are its documentation."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from console.api.incoming import Kind
from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.push import asks, finding, listing, reading
from xpm.store.vocabulary import CallOutcome, EditState
from xpm.words import Message

MOST_CHANGES = 2_000
"""The most fields that a preview lists. It counts all of them."""
Value = Annotated[str, BeforeValidator(lambda value: value or ""), Field(description="Empty if the field is.")]
HOW_TYPED = (
    "How values are written. A `day` as 2026-12-18; an `amount` in digits with at most four after a point, a "
    "`whole number` without; `yes or no` in these words; a `staff member` by name, email address or XPM ID, if it "
    "means only one who is current; a `job state` or `option` as one of `options`, in any letter case; `text` as it is."
)


class Outgoing(BaseModel):
    """An answer. Parts may be added; those that are here keep their names and meaning."""

    model_config = ConfigDict(from_attributes=True)


def kind_of(noun: Noun) -> Kind:
    """The word for a kind of record. FYI edits no others."""
    return "job" if noun is Noun.JOB else "client"


class Sentence(Outgoing):
    """A message for people, under a key for programs."""

    key: str
    title: str
    cause: str
    next: str

    @classmethod
    def of(cls, said: Message | None) -> "Sentence | None":
        """The sentence of a message."""
        return cls.model_validate(said) if said else None


class Edit(Outgoing):
    """An edit of one field, open or over. Values are as in the record.

    XPM had `base` when the edit was made, or when FYI's value was kept in a conflict, and has it still as far as FYI
    knows, unless it was seen at `theirs_at` with another value, `theirs`. FYI has `ours`.
    """

    number: int
    kind: Kind
    record: str = Field(description="A job's number, or a client's XPM ID.")
    name: str | None = Field(description="The record's name; null if FYI does not have the record any more.")
    field: str = Field(description="The field's label.")
    base: Value
    ours: Value
    theirs: str | None = Field(description="Null if XPM was not seen with another value than `base`.")
    theirs_at: datetime | None = Field(description="What `seen` takes. Null if `theirs` is.")
    made_by: str
    made_at: datetime
    state: EditState
    reason: Sentence | None = Field(description="Why it is in this state.")
    xpms_words: str | None = Field(description="What XPM itself said when it refused the value.")
    origin: str = Field(description="The act that it came with.")

    @classmethod
    def of(cls, found: listing.ListedEdit) -> "Edit":
        """The edit as it was listed."""
        theirs = (found.theirs or "") if found.theirs_at else None
        told = {"kind": kind_of(found.noun), "reason": Sentence.of(found.reason), "theirs": theirs}
        return cls.model_validate({**vars(found), **told})


class ApiEditableField(Outgoing):
    """A field. `value` is what FYI has, as people type it; `options` are all that it takes, if it is a list."""

    name: str = Field(description="What edits call it.")
    label: str
    type: FieldType = Field(description=HOW_TYPED)
    is_custom: bool
    is_needed: bool = Field(description="It cannot be emptied.")
    options: list[str] | None
    value: Value
    edit: Edit | None = Field(description="The edit of it that XPM does not have yet.")

    @classmethod
    def of(cls, found: reading.EditableField) -> "ApiEditableField":
        """The field as it was read."""
        edit = Edit.of(found.edit) if found.edit else None
        return cls.model_validate({**vars(found), "edit": edit})


class RecordHead(Outgoing):
    """What tells which job or client it is."""

    kind: Kind
    xpm_id: str
    number: str | None = Field(description="A job's number; null for a client.")
    name: str | None
    pending_sync: bool = Field(description="Whether XPM does not have all of it yet, the time of a job included.")


class ApiFoundRecord(RecordHead):
    """A job or client, as lists have it."""

    changed_at: datetime = Field(description="When anything of it changed in FYI, by a person or a sync.")

    @classmethod
    def of(cls, found: finding.FoundRecord) -> "ApiFoundRecord":
        """The record as it was found."""
        return cls.model_validate({**vars(found), "kind": kind_of(found.noun), "xpm_id": found.key})


class RecordPage(Outgoing):
    """Records in the order of their XPM IDs. `next` is what `after` takes for those that follow; null at the end."""

    records: list[ApiFoundRecord]
    next: str | None


class ApiRecord(RecordHead):
    """A job or client with everything that can be edited."""

    version: str = Field(description="Changes whenever anything of the record does.")
    fields: list[ApiEditableField]

    @classmethod
    def of(cls, found: reading.EditableRecord) -> "ApiRecord":
        """The record as it was read."""
        fields = [ApiEditableField.of(one) for one in found.fields]
        of = found.record
        return cls(
            kind=kind_of(of.noun),
            xpm_id=of.key,
            number=of.number if of.noun is Noun.JOB else None,
            name=of.name,
            version=found.version,
            pending_sync=found.pending_sync,
            fields=fields,
        )


class ApiChanged(Outgoing):
    """What an edit came to."""

    origin: str = Field(description="The act: its edits are listed with `?origin=`.")
    record: ApiRecord


class RefusedEdit(Outgoing):
    """An edit that is refused: its number in the order of asking, from 1."""

    number: int
    reason: Sentence


class ApiFieldChange(Outgoing):
    """A field that edits change, with what FYI has before and after."""

    kind: Kind
    record: str = Field(description="A job's number, or a client's XPM ID.")
    name: str | None = Field(description="The record's name, as it is before.")
    field: str = Field(description="The field's label.")
    before: Value
    after: Value

    @classmethod
    def of(cls, record: asks.Record, change: asks.FieldEdit) -> "ApiFieldChange":
        """The change as it was checked."""
        return cls(
            kind=kind_of(record.noun),
            record=record.number if record.noun is Noun.JOB else record.key,
            name=record.name,
            field=change.label,
            before=change.before_shown,
            after=change.shown,
        )


class ApiPreview(Outgoing):
    """What edits would do: how many records and fields they change, and about how many calls to Xero that takes."""

    records: int
    fields: int
    calls: int
    needs_confirmation: bool
    changes: list[ApiFieldChange] = Field(
        description=f"The fields that change, at most the first {MOST_CHANGES}, to show to whoever confirms."
    )
    refused: list[RefusedEdit]

    @classmethod
    def of(cls, asked: asks.Preview) -> "ApiPreview":
        """The preview as people see it before they confirm."""
        changes = (ApiFieldChange.of(edit.record, change) for edit in asked.edits for change in edit.changes)
        return cls(
            records=asked.records,
            fields=asked.fields,
            calls=asked.calls,
            needs_confirmation=asked.needs_confirmation,
            changes=list(islice(changes, MOST_CHANGES)),
            refused=[
                RefusedEdit(number=one.number, reason=Sentence.model_validate(one.message)) for one in asked.refused
            ],
        )


class ApiMade(Outgoing):
    """What became of several edits. `origin` is null if this was a preview."""

    origin: str | None
    preview: ApiPreview


class EditPage(Outgoing):
    """Edits, oldest first. `next` is what `after` takes for those that follow; null at the end."""

    edits: list[Edit]
    next: int | None


class ApiCall(Outgoing):
    """A call that wrote to XPM, or tried to. `outcome` is null while nobody knows what became of it."""

    endpoint: str
    intended_at: datetime
    answered_at: datetime | None
    outcome: CallOutcome | None
    status: int | None
    correlation_id: str | None


class ApiStep(Outgoing):
    """One step in an edit's life. `person` is null if a run took it."""

    id: int
    edit: int
    kind: Kind
    record: str
    field: str
    at: datetime
    state: EditState
    ours: Value
    theirs: str | None = Field(description="Null if XPM was not seen with another value, or with none.")
    person: str | None
    reason: Sentence | None
    xpms_words: str | None
    call: ApiCall | None

    @classmethod
    def of(cls, found: listing.LoggedStep) -> "ApiStep":
        """The step as it was listed."""
        call = ApiCall.model_validate(found.call) if found.call else None
        told = {"kind": kind_of(found.noun), "reason": Sentence.of(found.reason), "call": call}
        return cls.model_validate({**vars(found), **told})


class StepPage(Outgoing):
    """The log, oldest first. `next` is what `after` takes for what follows; null at the end."""

    steps: list[ApiStep]
    next: int | None

    @classmethod
    def of(cls, found: Iterable[listing.LoggedStep], limit: int) -> "StepPage":
        """A page of the log."""
        steps = [ApiStep.of(one) for one in found]
        return cls(steps=steps, next=steps[-1].id if len(steps) == limit else None)


class ApiEditLife(Outgoing):
    """An edit with every step of its life, oldest first."""

    edit: Edit
    steps: list[ApiStep]


class Decided(Outgoing):
    """How many edits were decided about."""

    edits: int


class Recorded(Outgoing):
    """A recorded entry, and about how many calls to Xero it takes: none if it had been recorded before."""

    origin: str
    id: str
    calls: int
