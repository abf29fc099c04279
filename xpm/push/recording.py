"""The door for time entries: somebody records time for a job in FYI. Nothing is asked of Xero here."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from xpm.access import audit
from xpm.access.audit import Action
from xpm.entities.names import Noun
from xpm.entities.pushed import Channel, FieldType
from xpm.installation import Installation
from xpm.push.asks import Record
from xpm.push.cost import calls_of
from xpm.push.directory import Directory
from xpm.push.editing import Editor, require_editor, scope_of
from xpm.push.placing import hold
from xpm.push.typed import NotTaken, Typed, read
from xpm.store.push import edits, time_entries
from xpm.store.push.edits import TIME, EditAct, Place
from xpm.store.records import kinds, reads
from xpm.store.tables import Staff, TimeEntry
from xpm.words import Stopped, stop

A_DAY = 24 * 60  # minutes
REACH = timedelta(days=360)
"""How far from today an entry's day may be: XPM lists a job's time for less than a year at once."""


@dataclass(frozen=True)
class TimeAsk:
    """Time to record. The job goes by number or XPM ID, the staff member and the task by name or XPM ID, too.

    Negative `minutes` take time back. `id` is a UUID of whoever asks, so that asking again makes no second entry.
    """

    job: str
    staff: str
    task: str
    date: str
    minutes: int
    note: str = ""
    id: str | None = None


@dataclass(frozen=True)
class TimeMade:
    """A recorded entry, and how many calls to Xero it takes: none if it had been recorded before."""

    origin: str
    entry: TimeEntry
    calls: int


def add_time(installation: Installation, slug: str, ask: TimeAsk, editor: Editor) -> TimeMade:
    """Record time in FYI, and queue it for XPM.

    Only for current jobs, and for people who are assigned to the job or the task (FYI: "Time Sheets").
    Raises Stopped: the message says what is wrong with the entry.
    """
    practice, now = installation.practice(slug), installation.clock()
    act = EditAct(ask.id or str(uuid.uuid4()), editor.person, now)
    with installation.database.write() as session:
        require_editor(session, practice, editor.person)
        known = Directory(session, scope_of(session, practice))
        job = known.record(Noun.JOB, ask.job)
        hold(session, known.scope, Noun.JOB, [job.key])
        if recorded := time_entries.find(session, known.scope, act.origin):
            _require_same(recorded, job, ask)
            return TimeMade(act.origin, recorded, calls=0)
        entry = _entry(known, job, ask, act, today=installation.today(practice))
        time_entries.add(session, entry)
        edits.put(session, known.scope, Place(TIME, job.key, entry.id), in_words(entry), base=None, act=act)
        if editor.actor is not None:
            what = f"time for job {job.number}"
            audit.record(session, installation, editor.actor, Action.EDIT, now=now, practice=slug, resource=what)
    return TimeMade(act.origin, entry, calls_of({Channel.TIME}, times=1))


def in_words(entry: TimeEntry) -> str:
    """The entry as lists show it."""
    return " ".join(part for part in (f"{entry.minutes} minutes on {entry.date:%Y-%m-%d}", entry.note) if part)


def _entry(known: Directory, job: Record, ask: TimeAsk, act: EditAct, *, today: date) -> TimeEntry:
    (row,) = reads.read(known.session, kinds.JOBS, known.scope, [job.key])
    if not known.is_open(job.key):
        raise stop("push.time_closed_job", job=job.number)
    staff = known.staff(ask.staff)
    if staff is None:
        raise stop("push.staff_unknown", role="Assigned User", person=ask.staff)
    task = _task(row.columns["tasks"], ask.task, job)
    _require_assigned(row.columns["assigned"], task, staff, job)
    if not 0 < abs(ask.minutes) <= A_DAY:
        raise stop("push.time_minutes", minutes=ask.minutes)
    return TimeEntry(
        practice=known.scope.practice,
        tenant_id=known.scope.tenant_id,
        id=act.origin,
        job_key=job.key,
        task_uuid=str(task["uuid"]),
        staff_uuid=staff.uuid,
        date=_day(ask.date, today),
        minutes=ask.minutes,
        note=_note(ask.note),
        made_by=act.person,
        made_at=act.at,
    )


def _require_same(recorded: TimeEntry, job: Record, ask: TimeAsk) -> None:
    """Raise Stopped if the id is that of another entry than the one asked for."""
    known = (recorded.job_key, recorded.date.isoformat(), recorded.minutes, recorded.note)
    if known != (job.key, ask.date, ask.minutes, _note(ask.note)):
        raise stop("push.time_another", entry=recorded.id)


def _task(tasks: object, name: str, job: Record) -> dict[str, object]:
    wanted = name.strip().casefold()
    listed = [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []
    found = [one for one in listed if wanted in {str(one.get("uuid")), str(one.get("name") or "").casefold()}]
    if len(found) != 1:
        names = ", ".join(str(one.get("name")) for one in listed) or "none"
        raise stop("push.time_task_unknown", job=job.number, task=name, tasks=names)
    return found[0]


def _require_assigned(assigned: object, task: dict[str, object], staff: Staff, job: Record) -> None:
    people = [one for of in (assigned, task.get("assigned")) if isinstance(of, list) for one in of]
    if staff.uuid not in {one.get("uuid") for one in people}:
        raise stop("push.time_not_assigned", job=job.number, person=staff.name or staff.email or staff.uuid)


def _day(text: str, today: date) -> date:
    day = _typed(FieldType.DAY, "Date", text)
    if not isinstance(day, date):
        raise stop("push.needed", field="Date")
    if abs(day - today) > REACH:
        raise stop("push.time_too_far", date=day.isoformat())
    return day


def _note(text: str) -> str | None:
    note = _typed(FieldType.TEXT, "Note", text)
    return str(note) if note is not None else None


def _typed(kind: FieldType, label: str, text: str) -> Typed:
    try:
        return read(kind, label, text)
    except NotTaken as not_taken:
        raise Stopped(not_taken.message) from None
