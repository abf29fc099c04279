"""Pushes that are killed at any commit, or compete with each other: each edit reaches XPM, and time is there once."""

from itertools import count

import pytest

from tests.processes import FORKED
from tests.profiles import deep_but
from tests.pull.breaking.dying import Step
from tests.pull.house import SLUG
from tests.push.desk import Desk
from tests.push.worker import is_killed_at, push_with_others
from xpm.entities.names import Noun
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.store.vocabulary import EditState

pytestmark = pytest.mark.no_cover

EXAMPLES = [(Step.BEFORE_COMMIT, 29), (Step.AFTER_COMMIT, 29)]
KILLS = [*EXAMPLES, (Step.BEFORE_COMMIT, 1), (Step.AFTER_COMMIT, 4)]
"""How many commits apart the kills are. Right before each commit, all that came since the last one has been done."""

PROCESSES = 8


@pytest.mark.parametrize("kill", deep_but(EXAMPLES, KILLS), ids=lambda kill: f"{kill[0]}-{kill[1]}")
def test_a_push_killed_at_any_commit_is_finished_by_the_next(desk: Desk, kill: tuple[Step, int]) -> None:
    step, stride = kill
    for kills in count():
        _fill_the_queue(desk, kills)
        if not is_killed_at(desk.house.integration.settings, step, 1 + (kills + 1) * stride):
            break
        desk.push_until_done()
        _assert_all_sent(desk, kills)
    _assert_all_sent(desk, kills)
    assert kills >= 1


@pytest.mark.deep
def test_of_eight_pushes_at_once_each_edit_is_sent_once(desk: Desk) -> None:
    for number in range(3):
        _fill_the_queue(desk, number, job=number)
    settings = desk.house.integration.settings
    pushes = [FORKED.Process(target=push_with_others, args=(settings,)) for _ in range(PROCESSES)]
    for one in pushes:
        one.start()
    for one in pushes:
        one.join(120)
    assert [one.exitcode for one in pushes] == [0] * PROCESSES

    assert set(desk.states()) == {EditState.CONFIRMED}
    writes = [write.body_sha256 for write in desk.writes() if write.path != "time.api/add"]
    assert len(writes) == len(set(writes))
    assert len(desk.times_in_xpm()) == 3


def _fill_the_queue(desk: Desk, number: int, job: int = 0) -> None:
    """Make edits of each way to XPM, and record time."""
    name = desk.some_jobs(job + 1)[job]
    staff = desk.staff()[number % 2]
    desk.edit(Noun.JOB, name, name=f"Name {number}", manager=str(staff.email), **{"Reviewer's remark": f"No. {number}"})
    desk.edit(Noun.CLIENT, desk.a_client(), phone=f"(02) 5550 {number:04}")
    at, who, task = desk.assignment()
    add_time(desk.house.integration, SLUG, TimeAsk(at, who, task, "2026-11-20", 30), Editor(desk.person))


def _assert_all_sent(desk: Desk, number: int) -> None:
    job = desk.job_in_xpm(desk.a_job())
    assert set(desk.states()) == {EditState.CONFIRMED}
    assert (job["Name"], job["Manager"]["UUID"]) == (f"Name {number}", desk.staff()[number % 2].uuid)
    assert desk.values_in_xpm(desk.a_job())["Reviewer's remark"] == f"No. {number}"
    assert desk.client_in_xpm(desk.a_client())["Phone"] == f"(02) 5550 {number:04}"
    assert len(desk.times_in_xpm()) == number + 1
