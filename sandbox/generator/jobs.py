"""Job outlines, and full job records as `job.api/list?detailed=true` returns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.generator.client_outlines import ClientOutline
from sandbox.generator.names import DESCRIPTIONS, FOLDERS, MILESTONES, NOTE_TEXTS, NOTE_TITLES, STATES, TASKS, WORK
from sandbox.generator.record import Record, reference, xpm_date
from sandbox.generator.seeded import SeededRandom, every_nth, uuid_of

YEARS = 6
"""How many years back the jobs go."""
_OPEN_STATES = tuple(name for name, current in STATES if current)
_CLOSED_STATES = tuple(name for name, current in STATES if not current)
IS_CURRENT: Mapping[str, bool] = dict(STATES)

JOB_ELEMENTS = (
    "ID", "UUID", "Name", "Description", "State", "Type", "ClientOrderNumber", "Budget", "StartDate", "DueDate",
    "CompletedDate",
    "Client", "Contact", "Manager", "Partner", "Assigned", "Tasks", "Milestones", "Notes", "WebUrl",
)  # fmt: skip
"""Every element of a job, in the order the sandbox writes them."""


class JobOutline(NamedTuple):
    """What lists need to know of a job without generating the full record."""

    number: str
    created: int
    """The creation date as `date.toordinal()`. XPM never shows it, but `from` and `to` select by it."""
    state: str
    client: str | None
    """UUID of the client."""

    @property
    def current(self) -> bool:
        """Whether `job.api/current` lists the job. An unknown state counts as current."""
        return IS_CURRENT.get(self.state, True)


def job_outlines(
    seed: str, count: int, today: date, clients: Sequence[ClientOutline], years: int = YEARS
) -> list[JobOutline]:
    """Make `count` jobs, oldest first, over the last years. A few old ones are open; 1 in 25 has no client."""
    rng = SeededRandom(seed, "job outlines")
    span = years * 365
    first = today.toordinal() - span
    return [
        _outline(rng, position, first + position * span // max(count - 1, 1), today, clients)
        for position in range(count)
    ]


def _outline(
    rng: SeededRandom, position: int, created: int, today: date, clients: Sequence[ClientOutline]
) -> JobOutline:
    age = today.toordinal() - created
    is_open = rng.chance(_still_open(age)) or every_nth(position, 50, 2)
    client = rng.pick(clients).uuid if clients and not every_nth(position, 25, 3) else None
    state = rng.pick(_OPEN_STATES if is_open else _CLOSED_STATES[:1] * 8 + _CLOSED_STATES[1:])
    return JobOutline(_number(position), created, state, client)


def _still_open(age_in_days: int) -> float:
    """Return the share of jobs of that age that are still open."""
    return next(share for days, share in ((120, 0.85), (400, 0.35), (100_000, 0.04)) if age_in_days < days)


def _number(position: int) -> str:
    if every_nth(position, 97, 11):
        return f"FBT {position:05d}"
    if every_nth(position, 41, 7):
        return f"24-{position:05d}"
    if every_nth(position, 23, 4):
        return f"VALE{position}"
    if every_nth(position, 17, 9):
        return f"Y{position + 100_800}"
    return f"J{position + 1:06d}"


@dataclass(frozen=True)
class JobMaker:
    """Makes the job at any position from the seed alone."""

    seed: str
    today: date
    outlines: Sequence[JobOutline]
    client_names: Mapping[str, str]
    staff: Sequence[Record]

    def __call__(self, position: int) -> Record:
        """Make the record at `position` with every element of `JOB_ELEMENTS`; empty ones are None."""
        outline = self.outlines[position]
        rng = SeededRandom(self.seed, "job", position)
        created = date.fromordinal(outline.created)
        work, category = rng.pick(WORK)
        done = not outline.current
        made: Record = {
            "ID": outline.number,
            "UUID": uuid_of(self.seed, "job", position),
            "Name": f"{work} {created.year}",
            "Description": rng.pick(DESCRIPTIONS),
            "State": outline.state,
            "Type": rng.maybe(0.85, category),
            "ClientOrderNumber": rng.maybe(0.1, f"PO-{rng.digits(4)}"),
            "Budget": rng.maybe(0.6, f"{rng.below(90) * 100 + 250}.00"),
            "Client": reference(outline.client, self.client_names[outline.client]) if outline.client else None,
            "Manager": rng.maybe(0.85, self._staff(rng)),
            "Partner": rng.maybe(0.6, self._staff(rng)),
            "Assigned": [self._assigned(rng) for _ in range(rng.pick((0, 1, 1, 2)))],
            "Milestones": [
                self._milestone(rng, position, rank, created, done) for rank in range(rng.pick((0, 1, 2, 2)))
            ],
            "Notes": [self._note(rng, position, rank, created) for rank in range(rng.pick((0, 0, 0, 1)))],
            "WebUrl": rng.maybe(0.5, f"https://xpm.example/job/{position + 1}"),
        }
        made |= self._dates(rng, created, done)
        made["Tasks"] = [self._task(rng, position, rank, done) for rank in range(rng.pick((3, 4, 4, 5)))]
        return {name: made.get(name) for name in JOB_ELEMENTS}

    def _dates(self, rng: SeededRandom, created: date, done: bool) -> Record:
        start = created + timedelta(days=rng.below(14))
        due = start + timedelta(days=20 + rng.below(160))
        completed = min(start + timedelta(days=5 + rng.below(200)), self.today)
        return {
            "StartDate": xpm_date(start),
            "DueDate": rng.maybe(0.9, xpm_date(due)),
            "CompletedDate": xpm_date(completed) if done else None,
        }

    def _staff(self, rng: SeededRandom) -> Record:
        member = rng.pick(self.staff)
        return reference(member["UUID"], member["Name"])

    def _assigned(self, rng: SeededRandom) -> Record:
        return self._staff(rng) | {"AllocatedMinutes": rng.maybe(0.4, str(rng.below(40) * 15))}

    def _task(self, rng: SeededRandom, position: int, rank: int, done: bool) -> Record:
        name = TASKS[(position + rank) % len(TASKS)]
        return {
            "UUID": uuid_of(self.seed, "job task", position, rank),
            "TaskUUID": uuid_of(self.seed, "task", name),
            "Name": name,
            "Description": rng.maybe(0.2, "Use the <current> template & tick off."),
            "EstimatedMinutes": str(rng.below(32) * 15),
            "ActualMinutes": str(rng.below(600)),
            "Completed": "true" if done or rng.chance(0.2) else "false",
            "Billable": "true" if rng.chance(0.9) else "false",
            "Folder": rng.pick(FOLDERS),
            "StartDate": None,
            "DueDate": None,
            "Assigned": [self._staff(rng)] if rng.chance(0.3) else [],
        }

    def _milestone(self, rng: SeededRandom, position: int, rank: int, created: date, done: bool) -> Record:
        return {
            "UUID": uuid_of(self.seed, "milestone", position, rank),
            "Date": xpm_date(created + timedelta(days=30 * (rank + 1))),
            "Description": MILESTONES[(position + rank) % len(MILESTONES)],
            "Completed": "true" if done or rng.chance(0.3) else "false",
            "Folder": None,
        }

    def _note(self, rng: SeededRandom, position: int, rank: int, created: date) -> Record:
        written = f"{(created + timedelta(days=rng.below(30))).isoformat()}T10:{rng.below(60):02d}:00"
        note_uuid = uuid_of(self.seed, "job note", position, rank)
        comment = {
            "UUID": uuid_of(note_uuid, "comment"),
            "Text": "Done.",
            "Date": written,
            "CreatedBy": self._staff(rng)["Name"],
        }
        return {
            "UUID": note_uuid,
            "Title": rng.pick(NOTE_TITLES),
            "Text": rng.pick(NOTE_TEXTS),
            "Folder": rng.pick(FOLDERS),
            "Date": written,
            "CreatedBy": self._staff(rng)["Name"],
            "Comments": [comment] if rng.chance(0.4) else [],
        }
