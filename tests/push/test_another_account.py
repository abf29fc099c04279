"""Edits go to the account that they were made for, and to no other, whenever the practice moves."""

from contextlib import suppress

from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE
from tests.pull.house import connect
from tests.push.desk import Desk
from tests.push.meanwhile import meanwhile
from xpm.entities.names import Noun
from xpm.store.vocabulary import EditState
from xpm.words import Stopped
from xpm.xero.errors import XeroError


def test_a_full_queue_stays_behind_when_the_practice_moves(sqlite_desk: Desk) -> None:
    _fill_the_queue(sqlite_desk)

    connect(sqlite_desk.house.integration, COASTAL_BRANCH, run="the-move")
    sqlite_desk.push()

    assert sqlite_desk.written_to() == set()
    assert set(sqlite_desk.states()) == {EditState.WITHDRAWN}


def test_a_push_that_is_under_way_ends_when_the_practice_moves(sqlite_desk: Desk) -> None:
    _fill_the_queue(sqlite_desk)

    def move() -> None:
        connect(sqlite_desk.another().house.integration, COASTAL_BRANCH, run="the-move")

    with (
        suppress(Stopped, XeroError),
        meanwhile(sqlite_desk.house.database, lambda _: sqlite_desk.is_sending(), move) as push,
    ):
        sqlite_desk.push()
    assert push.was_disturbed
    sqlite_desk.push()

    assert sqlite_desk.written_to() <= {HARBOUR_VALE}
    assert len(sqlite_desk.writes()) <= 1
    assert EditState.QUEUED not in sqlite_desk.states()


def _fill_the_queue(desk: Desk) -> None:
    for job in desk.some_jobs(4):
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
    desk.edit(Noun.CLIENT, desk.a_client(), phone="(02) 5550 0100")
