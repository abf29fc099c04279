"""Time recorded in FYI reaches XPM exactly once."""

import datetime as dt

import pytest

from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.store.vocabulary import EditState
from xpm.words import Stopped


@pytest.mark.parametrize("fault", [None, "lost_answer", "reset", "status_after", "status"])
def test_an_entry_is_there_once_whatever_happens_to_the_answer(desk: Desk, fault: str | None) -> None:
    job, staff, task = desk.assignment()
    add_time(desk.house.integration, SLUG, _ask(job, staff, task), Editor(desk.person))
    if fault:
        desk.house.order(fault, "time.api/add", method="POST")

    desk.push_until_done()

    assert [(one.minutes, one.note) for one in desk.times_in_xpm()] == [(90, "Accounts")]
    assert desk.states() == [EditState.CONFIRMED]


def test_two_equal_entries_are_both_there(desk: Desk) -> None:
    job, staff, task = desk.assignment()
    for _ in range(2):
        add_time(desk.house.integration, SLUG, _ask(job, staff, task), Editor(desk.person))
    desk.house.order("lost_answer", "time.api/add", method="POST")

    desk.push_until_done()

    assert len(desk.times_in_xpm()) == 2


def test_an_entry_that_lands_after_xpm_was_asked_for_it_is_not_sent_again(desk: Desk) -> None:
    job, staff, task = desk.assignment()
    add_time(desk.house.integration, SLUG, _ask(job, staff, task), Editor(desk.person))
    desk.house.order("reset", "time.api/add", method="POST")
    assert desk.push().waiting == 1

    desk.time_in_xpm(job, staff, task, day=dt.date(2026, 11, 20), minutes=90, note="Accounts")
    desk.push()

    assert len(desk.times_in_xpm()) == 1
    assert desk.states() == [EditState.CONFIRMED]


def test_time_of_somebody_who_is_not_assigned_is_refused_before_anything_is_sent(desk: Desk) -> None:
    job, staff, task = desk.assignment()
    other = next(one.uuid for one in desk.staff() if one.uuid not in desk.assigned(job, task))

    with pytest.raises(Stopped) as refused:
        add_time(desk.house.integration, SLUG, _ask(job, other, task), Editor(desk.person))

    assert refused.value.message.key == "push.time_not_assigned"
    assert staff != other
    assert desk.states() == []


def _ask(job: str, staff: str, task: str) -> TimeAsk:
    return TimeAsk(job, staff, task, "2026-11-20", 90, "Accounts")
