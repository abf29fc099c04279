"""What goes wrong with one record stops no other, and is told."""

import pytest
from sqlalchemy import delete
from sqlmodel import select

from sandbox.accounts import edits as xpm_edits
from sandbox.accounts.practice_rules import PracticeRules
from tests.pull.house import SCOPE, SLUG
from tests.push.desk import Desk
from xpm.entities.names import Noun
from xpm.push.deciding import Decision, decide
from xpm.push.placing import current
from xpm.push.reporting import said_of
from xpm.store import activity
from xpm.store.push.edits import Place
from xpm.store.tables import CustomFieldDefinition, JobCategory
from xpm.store.vocabulary import EditState


def test_a_record_whose_answer_cannot_be_read_waits_and_the_others_are_sent(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    first, *others = desk.some_jobs(3)
    for job in (first, *others):
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
    desk.house.order("garbage", f"job.api/get/{first}", times=0)

    result = desk.push()

    assert [desk.job_in_xpm(job)["Name"] for job in others] == [f"A name for {job}" for job in others]
    assert (result.confirmed, result.waiting) == (2, 1)
    assert said_of(result, desk.house.integration.practice(SLUG)).key == "push.failed"
    desk.house.calm()
    assert desk.push().confirmed == 1


def test_a_value_that_no_call_can_carry_is_refused_and_the_others_are_sent(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    first, other = desk.some_jobs(2)
    desk.edit(Noun.JOB, first, name="A name")
    desk.edit(Noun.JOB, other, name="Another name")
    with desk.house.database.write() as session:
        edit = next(one for one in desk.open_edits() if one.ours == "A name")
        edit.ours = "A name with \x08"
        session.merge(edit)

    desk.push()

    assert sorted(desk.states()) == sorted([EditState.REFUSED, EditState.CONFIRMED])
    assert desk.job_in_xpm(other)["Name"] == "Another name"


def test_a_client_whose_billing_client_is_gone_is_not_taken_as_gone(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    client = desk.a_client()
    desk.edit(Noun.CLIENT, client, phone="12345", **{"Fee budget": "5"})
    desk.house.order("error_body", "client.api/update", description="Invalid client/contact identifier", method="PUT")

    desk.push()

    assert sorted(desk.states()) == sorted([EditState.REFUSED, EditState.CONFIRMED])


@pytest.mark.parametrize(
    ("noun", "elements", "edited"),
    [
        (Noun.CLIENT, {"DateOfBirth": "the 20th"}, {"phone": "12345"}),
        (Noun.JOB, {"Budget": "12,5"}, {"name": "A better name"}),
        (Noun.JOB, {"Budget": "12,5"}, {"budget": "100"}),
    ],
)
def test_no_update_empties_or_replaces_what_could_not_be_read(
    sqlite_desk: Desk, noun: Noun, elements: dict[str, str], edited: dict[str, str]
) -> None:
    desk = sqlite_desk
    record = desk.a_client() if noun is Noun.CLIENT else desk.a_job()
    kind, in_xpm = ("clients", desk.client_in_xpm) if noun is Noun.CLIENT else ("jobs", desk.job_in_xpm)
    before = xpm_edits.change(desk.house.xpm, kind, record, elements)
    desk.edit(noun, record, **edited)

    desk.push()

    assert in_xpm(record) == before
    (edit,) = desk.open_edits()
    assert (edit.state, edit.reason_key) == (EditState.REFUSED, "push.part_unread")


def test_no_update_takes_away_a_category_that_fyi_does_not_know(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    job = next(one for one in desk.some_jobs(20) if desk.job_in_xpm(one)["Type"])
    before = xpm_edits.change(desk.house.xpm, "jobs", job, {"Type": "A new category"})
    desk.edit(Noun.JOB, job, name="A better name")

    desk.push()

    assert desk.job_in_xpm(job) == before
    (edit,) = desk.open_edits()
    assert (edit.state, edit.reason_key) == (EditState.REFUSED, "push.category_unknown")


def test_without_the_list_of_categories_an_update_leaves_them_out_until_xpm_has_taken_one_away(
    sqlite_desk: Desk,
) -> None:
    desk = sqlite_desk
    jobs = [one for one in desk.some_jobs(20) if desk.job_in_xpm(one)["Type"]][:3]
    with desk.house.database.write() as session:
        session.connection().execute(delete(JobCategory))
    _rename_and_push(desk, jobs[0])
    assert desk.job_in_xpm(jobs[0])["Type"] is not None

    desk.house.xpm.rules = PracticeRules(omitted="cleared")
    _rename_and_push(desk, jobs[1])
    _rename_and_push(desk, jobs[2])

    assert desk.job_in_xpm(jobs[1])["Type"] is None
    with desk.house.database.read() as session:
        told = [one.next_step or "" for one in activity.recent(session, SLUG) if one.kind == "push.category_lost"]
    assert [jobs[1] in next_step for next_step in told] == [True]
    assert desk.job_in_xpm(jobs[2])["Type"] is not None
    assert [one.reason_key for one in desk.open_edits()] == ["push.category_unknown"]


def _rename_and_push(desk: Desk, job: str) -> None:
    desk.edit(Noun.JOB, job, name=f"A better name for {job}")
    desk.push()


def test_an_edit_from_before_its_field_got_another_type_is_refused_and_the_others_are_sent(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    job, other = desk.some_jobs(2)
    desk.edit(Noun.JOB, job, **{"Reviewer's remark": "Well done"})
    desk.push()
    desk.edit(Noun.JOB, job, **{"Reviewer's remark": "Very well done"})
    desk.edit(Noun.JOB, other, name="Another name")
    _make_a_number_of(desk, "Reviewer's remark")

    desk.push()

    assert desk.job_in_xpm(other)["Name"] == "Another name"
    (edit,) = desk.open_edits()
    assert edit.state is EditState.REFUSED
    decide(desk.house.integration, SLUG, Decision.withdraw, [edit.id or 0], desk.person)
    with desk.house.database.read() as session:
        assert current(session, SCOPE, Place(edit.record_table, edit.record_key, edit.field)) == "Well done"


def _make_a_number_of(desk: Desk, field: str) -> None:
    with desk.house.database.write() as session:
        definition = session.exec(
            select(CustomFieldDefinition).where(CustomFieldDefinition.name == field, CustomFieldDefinition.use_job)
        ).one()
        definition.value_element = "Decimal"
        session.add(definition)
