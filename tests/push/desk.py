"""Somebody in FYI who edits records, with both sides at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlmodel import select

from sandbox.accounts import edits as xpm_edits
from sandbox.accounts.time_entries import RecordedTime
from sandbox.world import MERE
from tests.pull.house import SCOPE, SLUG, House
from xpm.entities.names import Entity, Noun
from xpm.push.asks import Ask, Made
from xpm.push.directory import Directory
from xpm.push.draining import Drained, drain
from xpm.push.editing import Editor, edit
from xpm.store.engine.database import Database
from xpm.store.push import edits
from xpm.store.records import kinds, reads
from xpm.store.records.kinds import RecordTable
from xpm.store.tables import PendingEdit, Staff
from xpm.store.vocabulary import EditState
from xpm.xero.errors import XeroError

ENTITIES = (Entity.STAFF, Entity.CLIENTS, Entity.JOBS, Entity.CUSTOM_FIELDS)


@dataclass
class Desk:
    """One person's desk in FYI."""

    house: House
    person: str = MERE

    def another(self) -> "Desk":
        """A desk in another program: no lock of this one's is its own, nor its database's listeners."""
        ours = self.house.database
        database = Database(ours.url.render_as_string(hide_password=False), ours.engine.execution_options())
        integration = replace(self.house.integration, database=database, budgets={})
        return replace(self, house=replace(self.house, integration=integration))

    def sync(self) -> None:
        """Bring everything that is edited here in step."""
        for entity in ENTITIES:
            self.house.sync(entity)

    def edit(self, noun: Noun, record: str, /, **values: str) -> Made:
        """Edit one record. Names of fields have underscores here."""
        return self.ask(Ask(noun, record, {field.replace("_", "-"): text for field, text in values.items()}))

    def ask(self, *asks: Ask, confirmed: int | None = None) -> Made:
        """Make any edits."""
        return edit(self.house.integration, SLUG, asks, Editor(self.person), confirmed=confirmed)

    def job_in_fyi(self, number: str) -> dict[str, object]:
        """The job's columns in FYI."""
        return self._columns(kinds.JOBS, self.house.key_of(number))

    def client_in_fyi(self, uuid: str) -> dict[str, object]:
        """The client's columns in FYI."""
        return self._columns(kinds.CLIENTS, uuid)

    def open_edits(self) -> Sequence[PendingEdit]:
        """The edits that are not over."""
        with self.house.database.read() as session:
            return [one for one in edits.every(session, SCOPE, tuple(EditState)) if one.closed_at is None]

    def is_sending(self) -> bool:
        """Whether a call is under way, or its answer was lost."""
        return any(edit.state is EditState.SENDING for edit in self.open_edits())

    def states(self) -> list[EditState]:
        """The states of all edits, oldest first."""
        with self.house.database.read() as session:
            return [one.state for one in edits.every(session, SCOPE, tuple(EditState))]

    def in_xpm(self, number: str, **fields: object) -> None:
        """Change a job in XPM, as somebody there does."""
        xpm_edits.change(self.house.xpm, "jobs", number, dict(fields))

    def a_job(self) -> str:
        """The number of a current job of XPM."""
        table = self.house.xpm.jobs
        return next(table.key(position) for position in table.positions(lambda outline: outline.current))

    def push(self) -> Drained:
        """Send what waits."""
        return drain(self.house.integration, SLUG)

    def job_in_xpm(self, number: str) -> dict[str, Any]:
        """The job's elements in XPM."""
        position = self.house.xpm.jobs.find(number)
        assert position is not None
        return dict(self.house.xpm.jobs.record(position))

    def client_in_xpm(self, uuid: str) -> dict[str, Any]:
        """The client's elements in XPM."""
        position = self.house.xpm.clients.find(uuid)
        assert position is not None
        return dict(self.house.xpm.clients.record(position))

    def values_in_xpm(self, number: str) -> dict[str, str]:
        """The values of a job's custom fields in XPM, by name."""
        position = self.house.xpm.jobs.find(number)
        assert position is not None
        values = self.house.xpm.values("job", position)
        return {one["Name"]: next(one[name] for name in one if name not in ("UUID", "Name")) for one in values}

    def custom_field(self, name: str) -> str:
        """The UUID of a custom field of XPM."""
        return next(str(one["UUID"]) for one in self.house.xpm.definitions.records() if one["Name"] == name)

    def some_jobs(self, count: int) -> list[str]:
        """The numbers of this many current jobs of XPM."""
        table = self.house.xpm.jobs
        return [table.key(position) for position in table.positions(lambda outline: outline.current)][:count]

    def a_client(self) -> str:
        """The UUID of a current client of XPM."""
        table = self.house.xpm.clients
        return next(table.key(position) for position in table.positions(lambda outline: outline.listed))

    def staff(self) -> Sequence[Staff]:
        """The staff that FYI has, by name."""
        with self.house.database.read() as session:
            return session.exec(select(Staff).order_by(Staff.name)).all()

    def open_states(self) -> Sequence[str]:
        """The states of current jobs."""
        with self.house.database.read() as session:
            return sorted(Directory(session, SCOPE).open_states)

    def assignment(self) -> tuple[str, str, str]:
        """A current job, somebody who is assigned to it, and a task of it."""
        table = self.house.xpm.jobs
        for position in table.positions(lambda outline: outline.current):
            job = table.record(position)
            for task in job["Tasks"] or []:
                if people := [*(job["Assigned"] or []), *(task.get("Assigned") or [])]:
                    return table.key(position), people[0]["UUID"], task["UUID"]
        raise AssertionError("nobody is assigned to any current job")

    def assigned(self, number: str, task: str) -> set[str]:
        """Who is assigned to the job or this task of it."""
        job = self.job_in_xpm(number)
        of_task = [one.get("Assigned") or [] for one in job["Tasks"] if one["UUID"] == task]
        return {one["UUID"] for people in (job["Assigned"] or [], *of_task) for one in people}

    def time_in_xpm(self, job: str, staff: str, task: str, **what: Any) -> None:  # noqa: ANN401 - of RecordedTime
        """Let XPM have a time entry."""
        place = self.house.xpm.jobs.find(job)
        assert place is not None
        entry = RecordedTime(str(uuid4()), place, task=task, staff=staff, **what)
        self.house.xpm.time_entries.put(entry)

    def times_in_xpm(self) -> list[RecordedTime]:
        """XPM's time entries."""
        return list(self.house.xpm.time_entries)

    def push_until_done(self) -> None:
        """Send what waits, again while Xero fails."""
        for _ in range(4):
            try:
                if not self.push().waiting:
                    return
            except XeroError:
                continue

    def writes(self) -> list[Any]:
        """The calls that wrote, as XPM's journal has them."""
        return [entry for entry in self.house.server.world.journal.writes() if entry.applied]

    def ignored_writes(self) -> list[Any]:
        """The calls that XPM answered with OK, without writing."""
        return [one for one in self.house.server.world.journal.writes() if not one.applied and not one.refused]

    def written_to(self) -> set[str]:
        """The accounts that were written to."""
        return {write.tenant for write in self.writes()}

    def has_asked(self, path: str) -> bool:
        """Whether Xero has answered a call to such a path."""
        return any(path in call["path"] for call in self.house.server.world.request_log.requests())

    def calls(self) -> int:
        """How many requests Xero has had."""
        return len(self.house.server.world.request_log.requests())

    def _columns(self, table: RecordTable, key: str) -> dict[str, object]:
        with self.house.database.read() as session:
            (row,) = reads.read(session, table, SCOPE, [key])
        return dict(row.columns)


def at_desk(house: House) -> Desk:
    """Sit down at a desk of a practice whose records are in FYI."""
    desk = Desk(house)
    desk.sync()
    return desk
