"""A revert that takes back what XPM got from FYI sends the former value there, and says so before and after."""

import pytest

from sandbox.accounts import edits as xpm_edits
from sandbox.world import MERE
from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.store.vocabulary import EditState
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertPreview, RevertRequest, preview, revert
from xpm.words import Message

FIELD = "Reviewer's remark"


@pytest.mark.also_on_postgresql("which fields were edited is found by a join of its own")
@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "waiting"])
def test_xpm_gets_the_former_value_of_an_edited_field_that_is_taken_back(desk: Desk, *, is_sent: bool) -> None:
    job = desk.a_job()
    first = desk.job_in_xpm(job)["Name"]
    _renamed_in_xpm(desk, job)
    desk.edit(Noun.JOB, job, name="Named in FYI")
    if is_sent:
        desk.push()

    seen, done = _take_back(desk, WhenChangedSince.OVERWRITE)

    assert (seen.message.key, seen.edited) == ("revert.preview_edited", 1)
    assert (done.key, desk.job_in_fyi(job)["name"]) == ("revert.done_and_sent", first)
    desk.push()
    assert (desk.job_in_xpm(job)["Name"], desk.job_in_fyi(job)["name"]) == (first, first)
    assert set(desk.states()) == {EditState.CONFIRMED}
    assert desk.house.sync(Entity.JOBS).changed == 0


def test_fields_that_a_revert_leaves_as_they_are_are_not_sent(sqlite_desk: Desk) -> None:
    desk, (job, other) = sqlite_desk, sqlite_desk.some_jobs(2)
    _renamed_in_xpm(desk, job, other)
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.push()
    writes = len(desk.writes())

    _, done = _take_back(desk, WhenChangedSince.KEEP)
    desk.push()

    assert (done.key, desk.job_in_fyi(job)["name"]) == ("revert.done", "Named in FYI")
    assert len(desk.writes()) == writes


def test_what_nobody_edited_is_taken_back_in_fyi_alone(sqlite_desk: Desk) -> None:
    desk, job = sqlite_desk, sqlite_desk.a_job()
    _renamed_in_xpm(desk, job)
    desk.edit(Noun.JOB, job, **{FIELD: "Looks well"})
    desk.push()
    writes = len(desk.writes())

    seen, done = _take_back(desk, WhenChangedSince.OVERWRITE)
    desk.push()

    assert (seen.message.key, done.key) == ("revert.preview", "revert.done")
    assert len(desk.writes()) == writes
    assert desk.job_in_xpm(job)["Name"] == f"{job}, renamed"


def test_an_edit_of_a_record_that_a_revert_removes_is_withdrawn(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    client = str(xpm_edits.add(desk.house.xpm, "clients", {"Name": "Māhina Trust"})["UUID"])
    desk.house.sync(Entity.CLIENTS, flow_run_id="sync")
    desk.edit(Noun.CLIENT, client, phone="(02) 5550 1234")

    _take_back(desk, WhenChangedSince.OVERWRITE)
    desk.push()

    assert desk.states() == [EditState.WITHDRAWN]
    assert desk.writes() == []


def _renamed_in_xpm(desk: Desk, *jobs: str) -> None:
    for job in jobs:
        desk.in_xpm(job, Name=f"{job}, renamed")
    desk.house.sync(Entity.JOBS, flow_run_id="sync")


def _take_back(desk: Desk, changed_since: WhenChangedSince) -> tuple[RevertPreview, Message]:
    request = RevertRequest(practice=SLUG, person=MERE, run="sync")
    seen = preview(desk.house.integration, request)
    return seen, revert(desk.house.integration, request, seen, changed_since)
