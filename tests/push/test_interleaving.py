"""Whoever comes in between a pull or a push, at whatever point, no edit is lost: both sides end with the last one."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count

import pytest
from sqlalchemy import text

from sandbox.accounts import edits as xpm_edits
from tests.pull.house import SLUG
from tests.push.desk import Desk
from tests.push.meanwhile import meanwhile
from xpm.entities.names import Entity, Noun
from xpm.push.asks import Ask
from xpm.push.deciding import Decision, decide
from xpm.store.vocabulary import EditState, SyncMode
from xpm.words import Stopped

FEWEST = 5
"""The points that a pull and a push have at least."""

STRIDE = {True: 11, False: 3}
"""How many points apart the deeds are: on PostgreSQL, where each statement is one, and on SQLite."""


class Phone:
    """A client's phone that somebody in FYI has edited, and others edit, send and read at once."""

    def __init__(self, desk: Desk, number: int) -> None:
        self.desk, self.client = desk.another(), desk.a_client()
        self.before = str(self._in_fyi())
        self.typed = self.expected = f"(02) 5550 {number:04}"
        desk.edit(Noun.CLIENT, self.client, phone=self.typed)
        xpm_edits.change(desk.house.xpm, "clients", self.client, {"City": f"City {number}"})  # so that a pull has work

    def edit_again(self) -> None:
        """Type another number."""
        self._type(f"{self.typed} ext. 1")

    def edit_back(self) -> None:
        """Type the number that it had before the edit."""
        self._type(self.before)

    def send(self) -> None:
        """Send what waits."""
        self.desk.push_until_done()

    def send_and_edit_back(self) -> None:
        """Send what waits, and then type the number that it had before."""
        self.send()
        self.edit_back()

    def edit_back_while_it_is_sent(self) -> None:
        """Send what waits, and type the number that it had before while XPM is asked. Then XPM is out of reach."""
        self.desk.house.order("reset", "client.api/update", after=1)
        with meanwhile(self.desk.house.database, lambda _: self.desk.is_sending(), self.edit_back) as push:
            self.desk.push()
        assert push.was_disturbed

    def withdraw(self) -> None:
        """Give up what has not been sent."""
        for edit in self.desk.open_edits():
            if edit.state is EditState.QUEUED:
                with suppress(Stopped):  # it has just been sent
                    decide(self.desk.house.integration, SLUG, Decision.withdraw, [edit.id or 0], self.desk.person)
                    self.expected = self.before

    def assert_kept(self) -> None:
        """Both sides end with the last number that somebody typed, and nothing is left to do."""
        self.desk.push_until_done()
        self.desk.house.sync(Entity.CLIENTS)
        there = self.desk.client_in_xpm(self.client)["Phone"]
        assert (self._in_fyi(), there, self.desk.open_edits()) == (self.expected, self.expected, [])

    def _type(self, number: str) -> None:
        self.desk.edit(Noun.CLIENT, self.client, phone=number)
        self.expected = number

    def _in_fyi(self) -> object:
        return self.desk.client_in_fyi(self.client)["phone"]


Deed = Callable[[Phone], None]
HELD_ROWS = text("SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND relation = to_regclass('job')")

DEEDS = (Phone.edit_again, Phone.edit_back, Phone.send, Phone.send_and_edit_back, Phone.edit_back_while_it_is_sent)


@pytest.mark.deep
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_no_pull_undoes_what_is_typed_or_sent_while_it_reads(desk: Desk, deed: Deed) -> None:
    _at_every_point(desk, lambda: desk.house.sync(Entity.CLIENTS, SyncMode.CHANGES), deed)


@pytest.mark.deep
@pytest.mark.parametrize("deed", [*DEEDS[:2], Phone.withdraw], ids=lambda deed: deed.__name__)
def test_no_push_overtakes_what_is_typed_or_given_up_while_it_sends(desk: Desk, deed: Deed) -> None:
    _at_every_point(desk, desk.push_until_done, deed)


@pytest.mark.also_on_postgresql("two transactions that work on one record at once")
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_nor_between_what_a_pull_reads_and_what_it_writes(desk: Desk, deed: Deed) -> None:
    """The one point that matters most: XPM has answered, and nothing of the answer is stored yet."""
    phone = Phone(desk, 0)
    desk.house.forget_calls()
    with meanwhile(desk.house.database, lambda _: desk.has_asked("client.api"), lambda: deed(phone)) as pull:
        desk.house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert pull.was_disturbed
    phone.assert_kept()


@pytest.mark.also_on_postgresql("two transactions that work on one record at once")
def test_no_push_takes_back_what_a_sync_has_just_brought(desk: Desk) -> None:
    """An update names every field, so the others must not have the values of an older answer."""
    job, other = desk.a_job(), desk.another()
    desk.edit(Noun.JOB, job, description="Described in FYI")

    def somebody_in_xpm_renames_it() -> None:
        desk.in_xpm(job, Name="Named in XPM")
        other.house.sync(Entity.JOBS, SyncMode.CHANGES)

    desk.house.forget_calls()
    with meanwhile(desk.house.database, lambda _: desk.has_asked("job.api/get"), somebody_in_xpm_renames_it) as push:
        desk.push()

    assert push.was_disturbed
    found = desk.job_in_xpm(job)
    assert (found["Name"], found["Description"]) == ("Named in XPM", "Described in FYI")
    assert desk.job_in_fyi(job)["name"] == "Named in XPM"


@pytest.mark.also_on_postgresql("two transactions that hold the same records")
def test_nobody_who_decides_about_several_records_and_nobody_who_edits_them_wait_for_each_other(desk: Desk) -> None:
    first, second = sorted(desk.some_jobs(2), key=desk.house.key_of)
    other, found = desk.another(), []
    for job in (second, first):  # the earlier edit is of the record that everybody holds last
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
        found.append(desk.open_edits()[-1].id or 0)

    def describe_both() -> None:
        other.ask(*(Ask(Noun.JOB, job, {"description": "Described"}) for job in (first, second)), confirmed=2)

    def is_holding(_: int) -> bool:
        with desk.house.database.engine.connect() as connection:
            return bool(connection.scalar(HELD_ROWS))

    at = is_holding if desk.house.database.is_postgresql else (1).__eq__
    with meanwhile(desk.house.database, at, describe_both) as deciding:
        decide(desk.house.integration, SLUG, Decision.withdraw, found, desk.person)

    assert deciding.was_disturbed
    assert {desk.job_in_fyi(job)["description"] for job in (first, second)} == {"Described"}


def _at_every_point(desk: Desk, work: Callable[[], object], deed: Deed) -> None:
    stride = STRIDE[desk.house.database.is_postgresql]
    for number in count():
        phone = Phone(desk, number)
        with meanwhile(desk.house.database, (1 + number * stride).__eq__, partial(deed, phone)) as done:
            work()
        phone.assert_kept()
        if not done.was_disturbed:
            break
    assert number * stride >= FEWEST
