"""Edits are listed as people read them: by record, field and values, each with the reason for its state."""

import re
from pathlib import Path

import xpm
from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.push.deciding import Decision, decide
from xpm.push.editing import Editor
from xpm.push.listing import list_edits, log, show_edit, why
from xpm.push.recording import TimeAsk, add_time
from xpm.store.vocabulary import CallOutcome, EditState
from xpm.words import every_key, message

XPM = Path(xpm.__file__).parent


def test_a_conflict_shows_the_three_sides_with_staff_by_name(desk: Desk) -> None:
    job = desk.a_job()
    (first, second, *_) = [one for one in desk.staff() if one.uuid != desk.job_in_fyi(job)["manager_uuid"]]
    before = desk.job_in_fyi(job)
    desk.edit(Noun.JOB, job, manager=str(first.email))
    desk.in_xpm(job, Manager={"UUID": second.uuid, "Name": second.name})
    desk.house.sync(Entity.JOBS)

    (listed,) = list_edits(desk.house.integration, SLUG, [EditState.CONFLICT], field="MANAGER")

    assert (listed.noun, listed.record, listed.name) == (Noun.JOB, job, before["name"])
    assert (listed.base, listed.ours, listed.theirs) == (before["manager_name"], first.name, second.name)
    assert (listed.field, listed.made_by) == ("Manager", desk.person)
    assert listed.theirs_at is not None
    assert listed.reason == message("push.both_changed")
    assert list_edits(desk.house.integration, SLUG, field="Due") == []


def test_the_log_has_each_step_with_its_person_or_its_call(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.house.order("error_body", "job.api/update", description="Not so")
    desk.push()
    (refused,) = list_edits(desk.house.integration, SLUG)
    decide(desk.house.integration, SLUG, Decision.try_again, [refused.number], desk.person)
    desk.push()

    life = show_edit(desk.house.integration, SLUG, refused.number)

    assert [(one.state, one.person) for one in life.steps] == [
        (EditState.QUEUED, desk.person),
        (EditState.SENDING, None),
        (EditState.REFUSED, None),
        (EditState.QUEUED, desk.person),
        (EditState.SENDING, None),
        (EditState.CONFIRMED, None),
    ]
    assert [one.call.outcome for one in life.steps if one.call] == [CallOutcome.REFUSED, CallOutcome.DONE]
    assert life.steps[2].xpms_words == "Not so"
    assert list(log(desk.house.integration, SLUG)) == life.steps
    assert list(log(desk.house.integration, SLUG, desk.house.integration.clock())) == []


def test_an_edit_that_a_pause_holds_back_says_so(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.house.order("error_body", "job.api/update", description="Something is wrong here", times=3)
    for job in desk.some_jobs(4):
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
    desk.push()

    (held,) = list_edits(desk.house.integration, SLUG, [EditState.QUEUED])

    assert held.reason == message("push.held")


def test_a_time_entry_is_listed_with_its_job(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    job, staff, task = desk.assignment()
    today = desk.house.integration.today(desk.house.integration.practice(SLUG)).isoformat()
    add_time(desk.house.integration, SLUG, TimeAsk(job, staff, task, today, 90, "Accounts"), Editor(desk.person))

    (listed,) = list_edits(desk.house.integration, SLUG)

    assert (listed.record, listed.field, listed.ours) == (job, "Time", f"90 minutes on {today} Accounts")


def test_every_reason_is_a_sentence_without_facts_since_edits_keep_none() -> None:
    source = "\n".join(path.read_text("utf-8") for room in ("push", "store") for path in (XPM / room).rglob("*.py"))
    given = set(re.findall(r"""(?:Reason\(|_give_up\(edit, |key = )"(push\.\w+)\"""", source))
    kept = set(re.findall(r"""^[A-Z_]+ = "(push\.\w+)\"""", source, re.MULTILINE)) & set(every_key())
    keys = given | kept | {key for key in every_key() if key.startswith("push.refused_")}

    assert {"push.both_changed", "push.took_xpms", "push.category_gone"} <= keys
    assert {key for key in keys if not why(key)} == set()
