"""What FYI knows of a practice's records, staff, job states and custom fields, for checking what people type."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from xpm.entities.names import Noun
from xpm.entities.registry import PUSHED
from xpm.push.asks import Record
from xpm.push.naming import Names
from xpm.store.engine.key_lists import among
from xpm.store.pull import job_currency
from xpm.store.records import kinds
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import Connection, CurrentJob, CustomFieldDefinition, Job, JobStateCode, Staff
from xpm.words import Stopped, stop

_STAFF, _DEFINITIONS = kinds.STAFF.table.c, kinds.CUSTOM_FIELD_DEFINITIONS.table.c


@dataclass(frozen=True)
class Directory:
    """Looks things up in one practice's account, in the session's transaction."""

    session: Session
    scope: Scope

    @cached_property
    def names(self) -> Names:
        """What people call the fields and values of the account."""
        return Names(self.session, self.scope)

    def record(self, noun: Noun, name: str) -> Record:
        """The current record that is meant by a number, XPM ID or a client's name.

        Raises Stopped: none, several, or only an archived one is.
        """
        found = self.records(noun, [name])[name]
        if isinstance(found, Stopped):
            raise found
        return found

    def records(self, noun: Noun, names: Collection[str]) -> Mapping[str, Record | Stopped]:
        """The record that each of these names means, as `record` finds it, or why it is not exactly one.

        An XPM ID goes before a number or name, and a name as it is spelled before one in other letters. So all records
        are gone through once at most, and only if some name needs it.
        """
        table = PUSHED[noun].table
        key, number = table.table.c[table.key], table.table.c[table.number or "name"]
        meant: dict[str, dict[str, _Candidate]] = {name: {} for name in names}
        for means, spelled in ((key, str.lower), (number, str), (func.lower(number), str.lower)):
            left = [name for name, of in meant.items() if not any(one.is_current for one in of.values())]
            found = self._called(table, means, {spelled(name.strip()) for name in left}) if left else {}
            for name in left:
                meant[name] |= {one.key: one for one in found.get(spelled(name.strip()), ())}
        return {name: _the_one(noun, name, list(of.values())) for name, of in meant.items()}

    def _called(
        self, table: RecordTable, means: ColumnElement[str], texts: Collection[str]
    ) -> Mapping[str, list["_Candidate"]]:
        columns = table.table.c
        number = columns[table.number or "name"]
        found = select(means, columns[table.key], number, columns.name, columns.archived_at.is_(None))
        found = found.where(in_scope(table, self.scope), among(means, texts))
        called: dict[str, list[_Candidate]] = {}
        for text, *row in self.session.connection().execute(found):
            called.setdefault(text, []).append(_Candidate(*row))
        return called

    def staff(self, name: str) -> Staff | None:
        """The current staff member with this email address, XPM ID or name; `None` if there is none, or several."""
        wanted = name.strip().casefold()
        found = [
            one
            for one in self._staff
            if wanted in {one.uuid.casefold(), (one.email or "").casefold(), (one.name or "").casefold()}
        ]
        return found[0] if len(found) == 1 else None

    def state(self, name: str) -> str | None:
        """The practice's job state with this name, in its own spelling; `None` if no job has had it."""
        return next((one for one in self.states if one.casefold() == name.strip().casefold()), None)

    @cached_property
    def states(self) -> Sequence[str]:
        """The job states that the practice has, as far as FYI has seen."""
        of = select_rows(Job.state).where(Job.practice == self.scope.practice, Job.tenant_id == self.scope.tenant_id)
        given = select_rows(JobStateCode.name).where(
            JobStateCode.practice == self.scope.practice, JobStateCode.tenant_id == self.scope.tenant_id
        )
        seen = {state for state in self.session.exec(of.distinct()) if state}
        return sorted(seen | set(self.session.exec(given)))

    @cached_property
    def open_states(self) -> frozenset[str]:
        """The states of which XPM lists jobs as current."""
        of = (
            select_rows(Job.state)
            .join(
                CurrentJob,
                (col(CurrentJob.key) == col(Job.key))
                & (col(CurrentJob.practice) == col(Job.practice))
                & (col(CurrentJob.tenant_id) == col(Job.tenant_id)),
            )
            .where(Job.practice == self.scope.practice, Job.tenant_id == self.scope.tenant_id)
        )
        return frozenset(state for state in self.session.exec(of.distinct()) if state)

    def is_open(self, job_key: str) -> bool:
        """Whether XPM lists the job as current."""
        return job_key in job_currency.current(self.session, self.scope)

    def custom_field(self, noun: Noun, name: str) -> CustomFieldDefinition | None:
        """The custom field of jobs or clients with this name or XPM ID; `None` if there is none, or several."""
        wanted = name.strip().casefold()
        called = [
            one
            for one in self.custom_fields(noun)
            if wanted in {one.uuid.casefold(), (one.name or "").strip().casefold()}
        ]
        return called[0] if len(called) == 1 else None

    def custom_fields(self, noun: Noun) -> Sequence[CustomFieldDefinition]:
        """The custom fields of jobs or clients."""
        return [one for one in self._definitions if (one.use_job if noun is Noun.JOB else one.use_client)]

    @cached_property
    def _staff(self) -> Sequence[Staff]:
        return self.session.exec(
            select_rows(Staff).where(in_scope(kinds.STAFF, self.scope), _STAFF.archived_at.is_(None))
        ).all()

    @cached_property
    def _definitions(self) -> Sequence[CustomFieldDefinition]:
        return self.session.exec(
            select_rows(CustomFieldDefinition).where(
                in_scope(kinds.CUSTOM_FIELD_DEFINITIONS, self.scope), _DEFINITIONS.archived_at.is_(None)
            )
        ).all()


@dataclass(frozen=True)
class _Candidate:
    """A record that may be meant."""

    key: str
    number: str | None
    name: str | None
    is_current: bool


def _the_one(noun: Noun, name: str, found: Sequence[_Candidate]) -> Record | Stopped:
    current = [one for one in found if one.is_current]
    if len(current) == 1:
        (one,) = current
        return Record(noun, one.key, one.number or one.key, one.name)
    key = "several" if current else "archived" if found else "unknown"
    return stop(f"push.record_{key}", noun=noun.words, name=name)


def practices_with(session: Session, noun: Noun, name: str) -> list[str]:
    """The practices that have such a current record, in the account that each is connected to."""
    columns = PUSHED[noun].table.table.c
    here = and_(col(Connection.practice) == columns.practice, col(Connection.tenant_id) == columns.tenant_id)
    found = select(columns.practice).join_from(PUSHED[noun].table.table, Connection, here)
    found = found.where(_is_called(noun, name), columns.archived_at.is_(None))
    return list(session.connection().scalars(found.distinct().order_by(columns.practice)))


def _is_called(noun: Noun, name: str) -> ColumnElement[bool]:
    """Whether a number, XPM ID or a client's name means the record."""
    table, wanted = PUSHED[noun].table, name.strip().lower()
    columns = table.table.c
    return or_(columns[table.key] == wanted, func.lower(columns[table.number or "name"]) == wanted)
