"""Sends the edits of one record: reads XPM's side, compares, sends what is still queued, and reads it back."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.pushed import Channel
from xpm.entities.registry import PUSHED
from xpm.push import calling, categories, sides, times
from xpm.push.asks import Record
from xpm.push.bodies import body_of
from xpm.push.calling import CallRefused, Lost
from xpm.push.directory import Directory
from xpm.push.placing import noun_of, waiting_of
from xpm.push.pushing import Push
from xpm.push.settling import settle
from xpm.push.sides import Renumbered, Side
from xpm.push.unsendable import Unsendable
from xpm.store.push import edits
from xpm.store.push.calls import Intent
from xpm.store.push.edits import TIME, Reason
from xpm.store.push.protection import note_xpms, was_read
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.records.versions import Version, versions
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import CallPriority, EditState
from xpm.xero.errors import RecordGone, StateConflict
from xpm.xero.models import Client, Job
from xpm.xero.scopes import Coverage, covers
from xpm.xero.writes import (
    CLIENT_FIELD_VALUES,
    CLIENT_UPDATE,
    JOB_ASSIGN,
    JOB_FIELD_VALUES,
    JOB_STATE,
    JOB_UPDATE,
    TIME_ADD,
    Write,
    WriteEndpoint,
)

T = TypeVar("T")

MOST_CONFLICTS = 3
"""So often XPM may answer that a record has just changed (409), each time after it was read anew."""

ENDPOINTS: dict[tuple[Noun, Channel], WriteEndpoint] = {
    (Noun.JOB, Channel.DETAILS): JOB_UPDATE,
    (Noun.JOB, Channel.VALUES): JOB_FIELD_VALUES,
    (Noun.JOB, Channel.ASSIGNMENT): JOB_ASSIGN,
    (Noun.JOB, Channel.STATE): JOB_STATE,
    (Noun.CLIENT, Channel.DETAILS): CLIENT_UPDATE,
    (Noun.CLIENT, Channel.VALUES): CLIENT_FIELD_VALUES,
}
"""Where the edits of each channel go."""


def not_covered(granted: Collection[str]) -> frozenset[str]:
    """The labels of the endpoints that these scopes do not allow to write to."""
    endpoints = (*ENDPOINTS.values(), TIME_ADD)
    return frozenset(one.label for one in endpoints if covers(granted, one.scope) is not Coverage.YES)


def endpoint_of(edit: PendingEdit) -> str:
    """The label of the endpoint that an edit goes to."""
    noun = noun_of(edit.record_table)
    if edit.record_table == TIME:
        return TIME_ADD.label
    field = PUSHED[noun].in_column(edit.field) if edit.record_table == PUSHED[noun].table.name else None
    return ENDPOINTS[noun, field.channel if field else Channel.VALUES].label


class OutOfDate(Exception):
    """A sync has stored another version of the record since XPM's side was read."""


@dataclass
class Sending:
    """The edits of one record on their way. `paused` are the endpoints to which nothing is sent.

    `own` is the record as XPM had it at the last look, seconds ago, without its custom fields. `versions` are what FYI
    had before a look, and since, by table: a sync that has stored another one meanwhile may know more.
    """

    push: Push
    record: Record
    priority: CallPriority
    paused: frozenset[str] = frozenset()
    own: Side | None = None
    versions: dict[str, Version | None] = field(default_factory=dict)

    def settle_lost(self) -> None:
        """Ask XPM what it has of the edits whose calls ended nobody knows how.

        Raises XeroError if XPM does not say; the edits still count as being sent.
        """
        for is_values in (True, False):
            if self._edits(EditState.SENDING, is_values=is_values):
                self._guarded(self._read, is_values)
        for entry in self._times(EditState.SENDING):
            self._guarded(self._settle_time, entry)

    def send(self) -> None:
        """Send what is queued. Raises XeroError for what is not about this record; what was not sent stays queued."""
        own = self._edits(EditState.QUEUED, is_values=False)
        others = (Channel.TIME, Channel.DETAILS, Channel.ASSIGNMENT, Channel.VALUES)
        # a closed job may refuse the rest, so a state that reopens it goes first, and any other last
        is_reopened = bool(own) and self._reopens(own)
        for channel in (Channel.STATE, *others) if is_reopened else (*others, Channel.STATE):
            self._guarded(self._send, channel)

    def _guarded(self, do: Callable[[T], object], given: T) -> None:
        """Do something for which XPM may not have the record, or another one under its number."""
        try:
            do(given)
        except RecordGone:
            self._move_all(EditState.REFUSED, Reason("push.record_gone"))
        except Renumbered:
            self._move_all(EditState.REFUSED, Reason("push.renumbered"))

    def _send_times(self) -> None:
        """Send the queued time entries, one call each."""
        for entry in self._times(EditState.QUEUED):
            if TIME_ADD.label not in self.paused:
                times.send(self.push, self.record, entry, self.priority)

    def _settle_time(self, entry: PendingEdit) -> None:
        times.settle(self.push, self.record, edits.number_of(entry), self.priority)

    def _send(self, channel: Channel) -> None:
        """Send the queued edits of one channel."""
        if channel is Channel.TIME:
            self._send_times()
        elif self._is_wanted(channel):
            self._send_fields(channel)

    def _send_fields(self, channel: Channel) -> None:
        """Send them in one call; after another look if the record has changed since the last."""
        is_values = channel is Channel.VALUES
        side = self._read(is_values) if is_values or self.own is None else self.own
        for _ in range(MOST_CONFLICTS):
            try:
                self._try(channel, side)
            except (OutOfDate, StateConflict):
                side = self._read(is_values)
            except Unsendable as error:
                self._refuse(channel, Reason(error.reason_key, str(error)))
                return
            else:
                return
        self._refuse(channel, Reason("push.keeps_changing"))

    def _try(self, channel: Channel, side: Side) -> None:
        intended = self._intend(channel, side)
        if intended is not None:
            with suppress(CallRefused):  # its edits are refused
                self._call(channel, *intended)

    def _refuse(self, channel: Channel, reason: Reason) -> None:
        with self.push.commit_holding(self.record) as session:
            for edit in self._queued(session, channel):
                self._move(session, edit, EditState.REFUSED, reason)

    def _refuse_unread(self, session: Session, queued: Sequence[PendingEdit], theirs: RecordRow) -> None:
        """Refuse the edits of fields in which XPM has what could not be read: it would be replaced unseen."""
        for edit in queued:
            if not was_read(theirs, edit.field):
                self._move(session, edit, EditState.REFUSED, Reason("push.part_unread"))

    def _is_wanted(self, channel: Channel) -> bool:
        endpoint = ENDPOINTS.get((self.record.noun, channel))
        if endpoint is None or endpoint.label in self.paused:
            return False
        with self.push.integration.database.read() as session:
            return bool(self._queued(session, channel))

    def _intend(self, channel: Channel, side: Side) -> tuple[Write, str] | None:
        """Commit the intent to send what is queued; `None` if nothing is, once XPM's side is known.

        Each edit is compared with that side once more, since not every way into the queue goes by XPM's value: of an
        edit that was refused, or while FYI's values won, XPM may be known to have another value for long.

        Raises:
            OutOfDate: FYI knows a newer version of the record than this side.
            Unsendable: no call can carry them.
        """
        with self.push.commit_holding(self.record) as session:
            if not self._is_up_to_date(session, side.table):
                raise OutOfDate
            waiting = self._queued(session, channel)
            note_xpms(session, self.push.scope, [side.row], {self.record.key: waiting}, self.push.integration.clock())
            self._refuse_unread(session, waiting, side.row)
            queued = [edit for edit in waiting if edit.state is EditState.QUEUED]
            if not queued:
                return None
            write = self._body(session, channel, queued, side.row)
            intent = Intent(write.endpoint.label, side.table.name, self.record.key, write.digest)
            return write, calling.intend(self.push, session, intent, queued)

    def _body(self, session: Session, channel: Channel, queued: Sequence[PendingEdit], theirs: RecordRow) -> Write:
        wanted = {edit.field: edit.ours for edit in queued}
        try:
            return body_of(session, self.push.scope, self.record, channel, wanted=wanted, theirs=theirs)
        except ValueError as error:
            raise Unsendable("push.refused_ours", str(error)) from error

    def _call(self, channel: Channel, write: Write, call_id: str) -> None:
        self.push.tally.calls += 1
        try:
            answered = calling.make(self.push, self.push.writer(self.priority), write, call_id)
        except (Lost, RecordGone):  # it may be another record, such as the client's billing client, that is gone
            self._read(channel is Channel.VALUES)
            return
        with self.push.commit_holding(self.record) as session:
            calling.note_done(session, call_id, answered, self.push.integration.clock())
            if isinstance(answered.record, Job | Client) and self._is_up_to_date(
                session, PUSHED[self.record.noun].table
            ):
                self._take_answer(session, call_id, sides.side_of(self.record, answered.record))
                return
        self._read(channel is Channel.VALUES)

    def _take_answer(self, session: Session, call_id: str, side: Side) -> None:
        before = self.own
        self._take(session, side)
        if before and self.record.noun is Noun.JOB:
            categories.note_if_lost(self.push, session, self.record, call_id, before=before.row, after=side.row)

    def _read(self, is_values: bool) -> Side:
        """Read XPM's side, settle what is being sent, and store it; again if a sync stored a newer one meanwhile."""
        pushed = PUSHED[self.record.noun]
        read, table = (sides.read_field_values, pushed.values) if is_values else (sides.read_record, pushed.table)
        while True:
            with self.push.integration.database.read() as session:
                self.versions[table.name] = self._version(session, table)
            self.push.tally.calls += 1
            side = read(self.push, self.record, self.priority)
            with self.push.commit_holding(self.record) as session:
                if self._is_up_to_date(session, table):
                    return self._take(session, side)

    def _take(self, session: Session, side: Side) -> Side:
        settle(self.push, session, self._open(session, side.table.name), side.row)
        sides.store(self.push, session, side)
        self.versions[side.table.name] = self._version(session, side.table)
        if side.table is PUSHED[self.record.noun].table:
            self.own = side
        return side

    def _is_up_to_date(self, session: Session, table: RecordTable) -> bool:
        """Whether FYI's version of the record is still the one before the last call. The record has to be held."""
        return self._version(session, table) == self.versions.get(table.name)

    def _version(self, session: Session, table: RecordTable) -> Version | None:
        return versions(session.connection(), table, self.push.scope, [self.record.key]).get(self.record.key)

    def _reopens(self, own: Sequence[PendingEdit]) -> bool:
        """Whether a job that XPM does not list as current gets a state of current jobs."""
        wanted = next((edit.ours for edit in own if edit.field == "state"), None)
        if wanted is None or self.record.noun is not Noun.JOB:
            return False
        with self.push.integration.database.read() as session:
            known = Directory(session, self.push.scope)
            return wanted in known.open_states and not known.is_open(self.record.key)

    def _edits(self, state: EditState, *, is_values: bool) -> list[PendingEdit]:
        pushed = PUSHED[self.record.noun]
        with self.push.integration.database.read() as session:
            of = self._open(session, (pushed.values if is_values else pushed.table).name)
            return [edit for edit in of if edit.state is state]

    def _times(self, state: EditState) -> list[PendingEdit]:
        if self.record.noun is not Noun.JOB:
            return []
        with self.push.integration.database.read() as session:
            return [edit for edit in self._open(session, TIME) if edit.state is state]

    def _queued(self, session: Session, channel: Channel) -> list[PendingEdit]:
        pushed = PUSHED[self.record.noun]
        if channel is Channel.VALUES:
            return [one for one in self._open(session, pushed.values.name) if one.state is EditState.QUEUED]
        of = {field.column for field in pushed.fields if field.channel is channel}
        own = self._open(session, pushed.table.name)
        return [one for one in own if one.state is EditState.QUEUED and one.field in of]

    def _open(self, session: Session, table: str) -> list[PendingEdit]:
        return edits.open_of_record(session, self.push.scope, table, self.record.key)

    def _move_all(self, state: EditState, reason: Reason) -> None:
        """Move every edit of the record that waits. XPM said that there is nothing to send it to."""
        with self.push.commit_holding(self.record) as session:
            for edit in waiting_of(session, self.push.scope, self.record.noun, self.record.key):
                self._move(session, edit, state, reason)

    def _move(self, session: Session, edit: PendingEdit, state: EditState, reason: Reason) -> None:
        edits.move(session, edit, state, now=self.push.integration.clock(), reason=reason)
