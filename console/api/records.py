"""Records: a job or client with its pending state, edits of it, and time for a job."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query

from console.api.gate import Program, program_of
from console.api.incoming import ApiChange, Moment, Name, PageLimit, Text, Time
from console.api.outgoing import ApiChanged, ApiFoundRecord, ApiRecord, Recorded, RecordPage
from console.api.problems import OvertakenNow, found
from console.api.pushes import start_push
from xpm.access.audit import Action
from xpm.entities.names import Noun
from xpm.push.asks import Ask
from xpm.push.editing import Editor, Overtaken, edit
from xpm.push.finding import Wanted, find_records
from xpm.push.reading import read_record
from xpm.push.recording import TimeAsk, add_time

router = APIRouter()
Let = Annotated[Program, Depends(program_of)]
Job = Annotated[Name, Path(description="A job's number or XPM ID.")]
Client = Annotated[Name, Path(description="A client's XPM ID.")]
PartOfName = Annotated[Name | None, Query(description="A part of the name, in any letter case.")]
ChangedAfter = Annotated[Moment | None, Query(description="Only what changed in FYI after this moment.")]
AfterRecord = Annotated[Text, Query(description="The `next` of the page before.")]


@router.get("/jobs")
def find_jobs(
    program: Let,
    *,
    number: Annotated[Name | None, Query(description="The job's number.")] = None,
    name: PartOfName = None,
    client: Annotated[Name | None, Query(description="The XPM ID of the job's client.")] = None,
    changed_after: ChangedAfter = None,
    after: AfterRecord = "",
    limit: PageLimit = 100,
) -> RecordPage:
    """Find current jobs, with whether XPM has all of each."""
    return _page(program, Noun.JOB, Wanted(number, name, client, changed_after), after, limit)


@router.get("/clients")
def find_clients(
    program: Let,
    *,
    name: PartOfName = None,
    changed_after: ChangedAfter = None,
    after: AfterRecord = "",
    limit: PageLimit = 100,
) -> RecordPage:
    """Find current clients, with whether XPM has all of each."""
    return _page(program, Noun.CLIENT, Wanted(name=name, changed_after=changed_after), after, limit)


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
    with found():
        number = read_record(program.installation, program.practice, Noun.JOB, job).record.number
    entry_id = str(time.id) if time.id else None
    ask = TimeAsk(number, time.staff, time.task, time.date.isoformat(), time.minutes, time.note, entry_id)
    with program.recording_refusals(Action.EDIT, time.by, f"time for job {number}"):
        made = add_time(program.installation, program.practice, ask, Editor(time.by, program.acting_for(time.by)))
    start_push(program, afterwards)
    return Recorded(origin=made.origin, id=made.entry.id, calls=made.calls)


def _page(program: Program, noun: Noun, wanted: Wanted, after: str, limit: int) -> RecordPage:
    found = find_records(program.installation, program.practice, noun, wanted, after=after, limit=limit)
    records = [ApiFoundRecord.of(one) for one in found]
    return RecordPage(records=records, next=records[-1].xpm_id if len(records) == limit else None)


def _read(program: Program, noun: Noun, name: str) -> ApiRecord:
    with found():
        return ApiRecord.of(read_record(program.installation, program.practice, noun, name))


def _edited(program: Program, noun: Noun, name: str, change: ApiChange, afterwards: BackgroundTasks) -> ApiChanged:
    record = _read(program, noun, name)
    ask = Ask(noun, record.xpm_id, change.values, change.version)
    editor = Editor(change.by, program.acting_for(change.by))
    with program.recording_refusals(Action.EDIT, change.by, f"{noun} {record.number or record.name or record.xpm_id}"):
        try:
            made = edit(program.installation, program.practice, [ask], editor)
        except Overtaken as overtaken:
            raise OvertakenNow(overtaken.message, _read(program, noun, record.xpm_id).version) from None
    if made.preview.fields:
        start_push(program, afterwards)
    return ApiChanged(origin=made.origin, record=_read(program, noun, record.xpm_id))
