"""Edits: of several records at once, what became of them, and what people decide about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query

from console.api import outgoing
from console.api.gate import Program, program_of
from console.api.incoming import (
    LARGEST_NUMBER,
    Deciding,
    DecidingAll,
    DecidingConflict,
    Edits,
    Name,
    Number,
    PageLimit,
)
from console.api.outgoing import ApiEditLife, ApiMade, ApiPreview, ApiStep, Decided, EditPage, StepPage
from console.api.problems import RefusedEdits, found
from console.api.pushes import start_push
from xpm.access.audit import Action
from xpm.entities.names import Noun
from xpm.push import listing
from xpm.push.asks import Ask
from xpm.push.deciding import Decision, Verdict, decide
from xpm.push.editing import Editor, Overtaken, Unconfirmed, edit, preview
from xpm.store.vocabulary import EditState
from xpm.words import Stopped

router = APIRouter()
Let = Annotated[Program, Depends(program_of)]
After = Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="The `next` of the page before.")]
NumberInPath = Annotated[Number, Path(description="The edit's number.")]


class EditDecision(StrEnum):
    """What a person may decide about an edit that is in no conflict."""

    WITHDRAW = "withdraw"
    TRY_AGAIN = "try-again"
    PUT_BACK = "put-back"  # the value that lost


class WinningSide(StrEnum):
    """Whose value wins all conflicts of a field."""

    KEEP = "keep"
    TAKE = "take"


_VERDICTS: Mapping[str, Verdict] = {
    WinningSide.KEEP: Decision.keep,
    WinningSide.TAKE: Decision.take,
    EditDecision.WITHDRAW: Decision.withdraw,
    EditDecision.TRY_AGAIN: Decision.try_again,
    EditDecision.PUT_BACK: Decision.put_back,
}


@router.post("/edits")
def edit_many(
    program: Let,
    wanted: Edits,
    afterwards: BackgroundTasks,
    preview: Annotated[bool, Query(description="Only say what the edits would do.")] = False,
) -> ApiMade:
    """Edit several records: all, or none if one is refused. 428 if their number has to be confirmed first."""
    asks = [Ask(Noun(one.kind), one.record, one.values, one.version) for one in wanted.edits]
    if preview:
        return ApiMade(origin=None, preview=_preview(program, asks))
    with program.recording_refusals(Action.EDIT, wanted.by, f"{len(asks)} records"):
        return _made(program, asks, wanted, afterwards)


@router.get("/edits")
def list_edits(
    program: Let,
    *,
    state: Annotated[list[EditState] | None, Query(description="All open ones if left out.")] = None,
    field: Annotated[Name | None, Query(description="The field's name, label or XPM ID.")] = None,
    origin: Annotated[Name | None, Query(description="The act that the edits came with.")] = None,
    after: After = 0,
    limit: PageLimit = 100,
) -> EditPage:
    """List edits, oldest first: what waits, what both sides changed, what XPM refused, and why."""
    states = frozenset(state) if state else listing.OPEN
    seen = listing.list_edits(
        program.installation, program.practice, states, field=field, origin=origin, after=after, limit=limit
    )
    edits = [outgoing.Edit.of(one) for one in seen]
    return EditPage(edits=edits, next=edits[-1].number if len(edits) == limit else None)


@router.get("/edits/{number}")
def show_edit(program: Let, number: NumberInPath) -> ApiEditLife:
    """Show one edit with its whole life: what was sent, when, by which call, and how it ended."""
    with found():
        life = listing.show_edit(program.installation, program.practice, number)
    return ApiEditLife(edit=outgoing.Edit.of(life.edit), steps=[ApiStep.of(one) for one in life.steps])


@router.post("/edits/{number}/keep")
def keep_fyis_value(
    program: Let, number: NumberInPath, deciding: DecidingConflict, afterwards: BackgroundTasks
) -> ApiEditLife:
    """Keep FYI's value in a conflict: it replaces the value of XPM's that was seen. 409 if XPM has another by now."""
    return _decided(program, WinningSide.KEEP, number, deciding, afterwards)


@router.post("/edits/{number}/take")
def take_xpms_value(
    program: Let, number: NumberInPath, deciding: DecidingConflict, afterwards: BackgroundTasks
) -> ApiEditLife:
    """Take the value of XPM's that was seen into FYI, in a conflict. 409 if XPM has another by now."""
    return _decided(program, WinningSide.TAKE, number, deciding, afterwards)


@router.post("/edits/{number}/{decision}")
def decide_edit(
    program: Let, number: NumberInPath, decision: EditDecision, deciding: Deciding, afterwards: BackgroundTasks
) -> ApiEditLife:
    """Decide about one edit.

    Withdraw one that XPM does not have: FYI gets XPM's value. Try one again that XPM refused. Put back the value that
    lost, which is a new edit.
    """
    return _decided(program, decision, number, deciding, afterwards)


@router.post("/conflicts/{side}")
def decide_conflicts(program: Let, side: WinningSide, deciding: DecidingAll, afterwards: BackgroundTasks) -> Decided:
    """Keep FYI's values or take XPM's in all conflicts of a field. 409 if there is one that was not seen as it is."""
    conflicts = listing.list_edits(program.installation, program.practice, [EditState.CONFLICT], field=deciding.field)
    numbers = [one.number for one in conflicts]
    if numbers:
        _decide(program, _VERDICTS[side], numbers, deciding.by, afterwards, seen=deciding.seen)
    return Decided(edits=len(numbers))


@router.get("/push-log")
def push_log(program: Let, after: After = 0, limit: PageLimit = 100) -> StepPage:
    """List every step of every edit, oldest first: the log of what was sent, when, and with what outcome."""
    steps = listing.log(program.installation, program.practice, after=after)
    return StepPage.of(islice(steps, limit), limit)


def _made(program: Program, asks: Sequence[Ask], wanted: Edits, afterwards: BackgroundTasks) -> ApiMade:
    editor = Editor(wanted.by, program.acting_for(wanted.by))
    try:
        made = edit(program.installation, program.practice, asks, editor, confirmed=wanted.confirm)
    except (Overtaken, Unconfirmed):
        raise
    except Stopped as stopped:
        asked = preview(program.installation, program.practice, asks)
        raise RefusedEdits(stopped.message, asked) from None
    if made.preview.records == 1:
        start_push(program, afterwards)
    return ApiMade(origin=made.origin, preview=ApiPreview.of(made.preview))


def _preview(program: Program, asks: Sequence[Ask]) -> ApiPreview:
    return ApiPreview.of(preview(program.installation, program.practice, asks))


def _decided(
    program: Program,
    decision: WinningSide | EditDecision,
    number: int,
    deciding: Deciding,
    afterwards: BackgroundTasks,
) -> ApiEditLife:
    seen = {number: deciding.seen} if isinstance(deciding, DecidingConflict) else None
    show_edit(program, number)  # or there is nothing at this address
    _decide(program, _VERDICTS[decision], [number], deciding.by, afterwards, seen=seen)
    return show_edit(program, number)


def _decide(
    program: Program,
    verdict: Verdict,
    numbers: Sequence[int],
    by: str,
    afterwards: BackgroundTasks,
    *,
    seen: Mapping[int, datetime] | None = None,
) -> None:
    what = f"edit {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} edits"
    with program.recording_refusals(Action.DECIDE_EDIT, by, what):
        decide(program.installation, program.practice, verdict, numbers, by, actor=program.acting_for(by), seen=seen)
    start_push(program, afterwards)
