"""What people edit in FYI reaches XPM, once, and each edit ends in a state that is true."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.pull.house import SLUG
from tests.push.desk import Desk
from tests.push.meanwhile import meanwhile
from xpm.entities.names import Entity, Noun
from xpm.push.asks import Ask
from xpm.push.draining import MOST_FAILURES
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.push.reporting import said_of
from xpm.store.vocabulary import EditState
from xpm.xero.errors import XeroError


def test_details_and_state_of_a_job_arrive(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="A better name", budget="1250.50", due="2027-03-31", description="")

    result = desk.push()

    found = desk.job_in_xpm(job)
    assert (found["Name"], Decimal(found["Budget"] or 0), found["Description"]) == (
        "A better name",
        Decimal("1250.50"),
        None,
    )
    assert str(found["DueDate"]).startswith("2027-03-31")
    assert set(desk.states()) == {EditState.CONFIRMED}
    assert (result.confirmed, result.waiting) == (4, 0)


def test_the_next_pull_finds_nothing_to_change(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="A better name")
    desk.push()

    again = desk.house.sync(Entity.JOBS)

    assert (again.changed, desk.job_in_fyi(job)["name"]) == (0, "A better name")


def test_the_state_of_a_job_arrives_by_its_code(desk: Desk) -> None:
    job = desk.a_job()
    state = next(one for one in desk.open_states() if one != desk.job_in_fyi(job)["state"])
    desk.edit(Noun.JOB, job, state=state)

    desk.push()

    assert desk.job_in_xpm(job)["State"] == state
    assert desk.states() == [EditState.CONFIRMED]


def test_a_value_that_xpm_rounds_is_said_to_be_another_there(sqlite_desk: Desk) -> None:
    job = sqlite_desk.a_job()
    sqlite_desk.edit(Noun.JOB, job, budget="12.3456")

    sqlite_desk.push()

    (edit,) = sqlite_desk.open_edits()
    assert (edit.state, edit.reason_key) == (EditState.CONFLICT, "push.has_another")
    assert (edit.ours, edit.theirs) == ("12.3456", "12.35")


def test_manager_and_partner_arrive_in_one_call(desk: Desk) -> None:
    job = desk.a_job()
    first, second = desk.staff()[:2]
    desk.edit(Noun.JOB, job, manager=str(first.email), partner=str(second.email))

    desk.push()

    found = desk.job_in_xpm(job)
    assert (found["Manager"]["UUID"], found["Partner"]["UUID"]) == (first.uuid, second.uuid)
    assert [call.path for call in desk.writes()] == ["job.api/assign"]


def test_custom_fields_of_a_job_arrive_in_one_call(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(
        Noun.JOB,
        job,
        **{"Fee budget": "12.5", "Promised date": "2027-01-31", "Reviewer's remark": "Looks <good> & fine"},
    )

    desk.push()

    values = desk.values_in_xpm(job)
    assert (values["Fee budget"], values["Reviewer's remark"]) == ("12.50", "Looks <good> & fine")
    assert len(desk.writes()) == 1
    assert set(desk.states()) == {EditState.CONFIRMED}


def test_a_client_keeps_what_nobody_edited(desk: Desk) -> None:
    client = desk.a_client()
    before = desk.client_in_xpm(client)
    desk.edit(Noun.CLIENT, client, phone="+64 4 555 0100")

    desk.push()

    assert desk.client_in_xpm(client) == {**before, "Phone": "+64 4 555 0100"}


def test_a_quiet_practice_costs_no_call(desk: Desk) -> None:
    before = desk.calls()

    desk.push()

    assert desk.calls() == before


def test_what_a_person_edits_while_much_is_sent_goes_first(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    *many, last = desk.some_jobs(6)
    desk.ask(*(Ask(Noun.JOB, job, {"name": f"Bulk {job}"}) for job in many), confirmed=len(many))

    def somebody_edits() -> None:
        desk.house.clock.meanwhile.clear()
        desk.edit(Noun.JOB, last, name="Single")

    desk.house.clock.meanwhile.append(somebody_edits)
    desk.house.order("limit", "job.api/update", problem="minute", retry_after=1)

    desk.push()

    names = [desk.job_in_xpm(write.key)["Name"] for write in desk.writes()]
    assert names.index("Single") == 1
    assert len(names) == 6


def test_what_was_typed_while_xpm_refused_the_former_value_is_sent(sqlite_desk: Desk) -> None:
    desk, job = sqlite_desk, sqlite_desk.a_job()
    desk.edit(Noun.JOB, job, name="A bad name")
    desk.house.order("error_body", "job.api/update", description="That will not do")

    with meanwhile(desk.house.database, lambda _: desk.is_sending(), lambda: _rename(desk, job)):
        desk.push()
    desk.push()

    assert desk.job_in_xpm(job)["Name"] == "A better name"
    assert desk.states() == [EditState.CONFIRMED]


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "garbage"}])
def test_a_record_that_xpm_cannot_send_does_not_keep_the_others_waiting(
    sqlite_desk: Desk, fault: dict[str, Any]
) -> None:
    desk = sqlite_desk
    bad, good = desk.some_jobs(2)
    for job in (bad, good):
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
    desk.house.order(fault.pop("kind"), f"job.api/get/{bad}", times=0, **fault)

    assert desk.push().failed

    assert desk.job_in_xpm(good)["Name"] == f"A name for {good}"
    assert desk.states() == [EditState.QUEUED, EditState.CONFIRMED]
    desk.house.calm()
    desk.push()
    assert desk.job_in_xpm(bad)["Name"] == f"A name for {bad}"


@pytest.mark.parametrize("was_sent", [False, True])
def test_nor_do_several_records_in_a_row_that_xpm_can_never_send(sqlite_desk: Desk, was_sent: bool) -> None:
    desk = sqlite_desk
    *bad, good = desk.some_jobs(MOST_FAILURES + 1)
    for job in (*bad, good):
        desk.edit(Noun.JOB, job, state=_another_state(desk, job))
    for job in bad:
        desk.house.order("garbage", f"job.api/get/{job}", times=0, after=1 if was_sent else 0)

    for _ in range(3):
        with suppress(XeroError):
            desk.push()

    assert desk.job_in_xpm(good)["State"] == desk.job_in_fyi(good)["state"]
    assert {one.reason_key for one in desk.open_edits()} == {"push.not_answered"}


def test_a_push_ends_if_xero_fails_altogether(sqlite_desk: Desk) -> None:
    jobs = sqlite_desk.some_jobs(8)
    for job in jobs:
        sqlite_desk.edit(Noun.JOB, job, name=f"A name for {job}")
    sqlite_desk.house.forget_calls()
    sqlite_desk.house.order("status", "job.api", status=503, times=0)

    with pytest.raises(XeroError):
        sqlite_desk.push()

    assert len(set(sqlite_desk.house.asked("job.api/get"))) == MOST_FAILURES
    assert set(sqlite_desk.states()) == {EditState.QUEUED}


def _another_state(desk: Desk, job: str) -> str:
    return next(one for one in desk.open_states() if one != desk.job_in_fyi(job)["state"])


def _rename(desk: Desk, job: str) -> None:
    desk.another().edit(Noun.JOB, job, name="A better name")


@pytest.mark.also_on_postgresql("what is left of the day is counted in SQL")
def test_what_the_days_calls_do_not_suffice_for_is_sent_when_there_are_new_ones(desk: Desk) -> None:
    frugal = replace(desk, house=desk.house.with_settings(xero_calls_per_day=5))
    jobs, (at, staff, task) = frugal.some_jobs(4), frugal.assignment()
    for job in jobs:
        frugal.edit(Noun.JOB, job, name=f"A name for {job}")
    add_time(frugal.house.integration, SLUG, TimeAsk(at, staff, task, "2026-11-20", 30), Editor(frugal.person))
    before = frugal.calls()

    parked = frugal.push()

    said = said_of(parked, frugal.house.integration.practice(SLUG))
    assert (said.key, parked.confirmed, parked.waiting) == ("push.parked", 2, 3)
    assert frugal.calls() - before <= 5
    assert parked.resumes_at is not None
    frugal.push()
    assert frugal.calls() - before <= 5
    while (now := frugal.push()).waiting:
        assert now.resumes_at is not None
        frugal.house.clock.wait((now.resumes_at - frugal.house.clock()).total_seconds() + 1)
    assert [frugal.job_in_xpm(job)["Name"] for job in jobs] == [f"A name for {job}" for job in jobs]
    assert len(frugal.times_in_xpm()) == 1
