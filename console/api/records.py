"""Records: a job or client with its pending state, edits of it, and time for a job."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Path

from console.api.gate import Program, program_of
from console.api.incoming import ApiChange, Name, Time
from console.api.outgoing import ApiChanged, ApiRecord, Recorded
from console.api.problems import OvertakenNow, found
from console.api.pushes import start_push
from xpm.access.audit import Action
from xpm.entities.names import Noun
from xpm.push.asks import Ask
from xpm.push.editing import Editor, Overtaken, edit
from xpm.push.reading import read_record
from xpm.push.recording import TimeAsk, add_time

router = APIRouter()
Let = Annotated[Program, Depends(program_of)]
Job = Annotated[Name, Path(description="A job's number or XPM ID.")]
Client = Annotated[Name, Path(description="A client's XPM ID.")]


@router.get("/jobs/{job}")
def read_job(program: Let, job: Job) -> ApiRecord:
    """Read a job with its version, its fields, and the edits that XPM does not have yet."""
    return _read(program, Noun.JOB, job)


@router.get("/clients/{client}")
def read_client(program: Let, client: Client) -> ApiRecord:
    """Read a client with its version, its fields, and the edits that XPM does not have yet."""
    return _read(program, Noun.CLIENT, client)


@router.patch("/jobs/{job}")
def edit_job(program: Let, job: Job, change: ApiChange, afterwards: BackgroundTasks) -> ApiChanged:
    """Edit a job. 409 if it has changed since the version that the editor saw: nothing is overwritten unseen."""
    return _edited(program, Noun.JOB, job, change, afterwards)


@router.patch("/clients/{client}")
def edit_client(program: Let, client: Client, change: ApiChange, afterwards: BackgroundTasks) -> ApiChanged:
    """Edit a client. 409 if it has changed since the version that the editor saw: nothing is overwritten unseen."""
    return _edited(program, Noun.CLIENT, client, change, afterwards)


@router.post("/jobs/{job}/times", status_code=201)
def record_time(program: Let, job: Job, time: Time, afterwards: BackgroundTasks) -> Recorded:
    """Record time for a job. XPM gets each entry exactly once. Send an `id`, and you may repeat the request."""
    number = _read(program, Noun.JOB, job).number
    entry_id = str(time.id) if time.id else None
    ask = TimeAsk(number, time.staff, time.task, time.date.isoformat(), time.minutes, time.note, entry_id)
    with program.recording_refusals(Action.EDIT, time.by, f"time for job {number}"):
        made = add_time(program.installation, program.practice, ask, Editor(time.by, program.acting_for(time.by)))
    start_push(program, afterwards)
    return Recorded(origin=made.origin, id=made.entry.id, calls=made.calls)


def _read(program: Program, noun: Noun, name: str) -> ApiRecord:
    with found():
        return ApiRecord.of(read_record(program.installation, program.practice, noun, name))


def _edited(program: Program, noun: Noun, name: str, change: ApiChange, afterwards: BackgroundTasks) -> ApiChanged:
    record = _read(program, noun, name)
    ask = Ask(noun, record.xpm_id, change.values, change.version)
    editor = Editor(change.by, program.acting_for(change.by))
    with program.recording_refusals(Action.EDIT, change.by, f"{noun} {record.number}"):
        try:
            made = edit(program.installation, program.practice, [ask], editor)
        except Overtaken as overtaken:
            raise OvertakenNow(overtaken.message, _read(program, noun, record.xpm_id).version) from None
    if made.preview.fields:
        start_push(program, afterwards)
    return ApiChanged(origin=made.origin, record=_read(program, noun, record.xpm_id))
