"""A pull leaves alone what people edited in FYI, field by field."""

import pytest

from sandbox.accounts import edits as xpm_edits
from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.store.vocabulary import EditState, SyncMode


def test_a_pull_updates_the_other_fields_of_an_edited_record(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, description="Typed in FYI")
    desk.in_xpm(job, Name="Named in XPM")

    desk.house.sync(Entity.JOBS)

    found = desk.job_in_fyi(job)
    assert (found["description"], found["name"]) == ("Typed in FYI", "Named in XPM")
    assert desk.states() == [EditState.QUEUED]


def test_a_second_pull_of_the_same_version_changes_nothing(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, description="Typed in FYI")
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)

    again = desk.house.sync(Entity.JOBS)

    assert again.changed == 0
    assert desk.job_in_fyi(job)["description"] == "Typed in FYI"


def test_what_both_sides_changed_is_a_conflict_and_nothing_is_overwritten(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.in_xpm(job, Name="Named in XPM")

    desk.house.sync(Entity.JOBS, SyncMode.CHANGES)

    (edit,) = desk.open_edits()
    assert (edit.state, edit.ours, edit.theirs) == (EditState.CONFLICT, "Named in FYI", "Named in XPM")
    assert desk.job_in_fyi(job)["name"] == "Named in FYI"


def test_a_conflict_is_over_if_xpm_changes_its_value_back(desk: Desk) -> None:
    job = desk.a_job()
    before = str(desk.job_in_fyi(job)["name"])
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)

    desk.in_xpm(job, Name=before)
    desk.house.sync(Entity.JOBS)

    assert desk.states() == [EditState.QUEUED]


def test_an_edit_that_xpm_has_by_itself_is_confirmed(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="The same name")
    desk.in_xpm(job, Name="The same name")

    desk.house.sync(Entity.JOBS)

    assert desk.states() == [EditState.CONFIRMED]
    assert desk.job_in_fyi(job)["name"] == "The same name"


def test_a_dry_run_does_not_show_edited_fields_as_changes(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, description="Typed in FYI")
    desk.in_xpm(job, Name="Named in XPM")

    (change,) = desk.house.preview(Entity.JOBS).changes

    assert [field.field for field in change.fields] == ["name"]


@pytest.mark.parametrize("what", ["name", "Fee budget", "time"])
def test_a_job_that_is_missing_in_xpm_is_not_archived_while_anything_of_it_waits(sqlite_desk: Desk, what: str) -> None:
    desk = sqlite_desk
    job, staff, task = desk.assignment()
    if what == "time":
        add_time(desk.house.integration, SLUG, TimeAsk(job, staff, task, _today(desk), 30), Editor(desk.person))
    else:
        desk.edit(Noun.JOB, job, **{what: "55"})
    xpm_edits.delete(desk.house.xpm, "jobs", job)

    result = desk.house.sync(Entity.JOBS)

    assert result.message.key == "sync.missing_with_edits"
    assert job in desk.house.active("job", "number")
    desk.house.sync(Entity.JOBS, confirm_missing=1)
    assert job not in desk.house.active("job", "number")
    assert desk.states() == [EditState.REFUSED]


def _today(desk: Desk) -> str:
    return desk.house.clock().date().isoformat()
