"""A person decides about what both sides changed, or XPM refused; no value is lost whatever is decided."""

import pytest

from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.activity.staleness import watch_syncs
from xpm.entities.names import Entity, Noun
from xpm.push.codes import made_from
from xpm.push.deciding import Decision, Verdict, decide
from xpm.push.listing import list_edits
from xpm.push.reporting import report, said_of
from xpm.push.states import set_state_code
from xpm.store import activity, news
from xpm.store.vocabulary import EditState, Trouble
from xpm.words import Stopped, message


def test_keeping_fyis_value_sends_it(desk: Desk) -> None:
    job, edit = _in_conflict(desk)

    _decide(desk, Decision.keep, edit)
    desk.push()

    assert desk.job_in_xpm(job)["Name"] == "Named in FYI"
    assert desk.states() == [EditState.CONFIRMED]


def test_taking_xpms_value_gives_it_to_fyi(desk: Desk) -> None:
    job, edit = _in_conflict(desk)

    _decide(desk, Decision.take, edit)
    desk.push()

    assert (desk.job_in_fyi(job)["name"], desk.job_in_xpm(job)["Name"]) == ("Named in XPM", "Named in XPM")
    assert desk.states() == [EditState.WITHDRAWN]
    assert desk.house.sync(Entity.JOBS).changed == 0


def test_fyis_value_that_lost_is_put_back_in_one_step(desk: Desk) -> None:
    job, edit = _in_conflict(desk)
    _decide(desk, Decision.take, edit)

    _decide(desk, Decision.put_back, edit)
    desk.push()

    assert (desk.job_in_fyi(job)["name"], desk.job_in_xpm(job)["Name"]) == ("Named in FYI", "Named in FYI")


def test_xpms_value_that_lost_is_put_back_in_one_step(desk: Desk) -> None:
    job, edit = _in_conflict(desk)
    _decide(desk, Decision.keep, edit)
    desk.push()

    _decide(desk, Decision.put_back, edit)
    desk.push()

    assert (desk.job_in_fyi(job)["name"], desk.job_in_xpm(job)["Name"]) == ("Named in XPM", "Named in XPM")


def test_what_xpm_itself_gave_up_is_not_put_back(desk: Desk) -> None:
    before = str(desk.job_in_fyi(desk.a_job())["name"])
    job, edit = _in_conflict(desk)
    desk.in_xpm(job, Name=before)
    desk.house.sync(Entity.JOBS)
    desk.push()
    assert desk.job_in_xpm(job)["Name"] == "Named in FYI"

    _decide(desk, Decision.put_back, edit)
    desk.push()

    assert desk.job_in_xpm(job)["Name"] == before


def test_nothing_is_put_back_over_a_newer_value(desk: Desk) -> None:
    job, edit = _in_conflict(desk)
    _decide(desk, Decision.take, edit)
    desk.edit(Noun.JOB, job, name="A third name")

    with pytest.raises(Stopped) as refused:
        _decide(desk, Decision.put_back, edit)

    assert refused.value.message.key == "push.changed_since"
    assert desk.job_in_fyi(job)["name"] == "A third name"


def test_a_withdrawn_edit_gives_fyi_what_xpm_has(desk: Desk) -> None:
    job = desk.a_job()
    before = desk.job_in_fyi(job)
    desk.edit(Noun.JOB, job, name="Named in FYI", manager=str(desk.staff()[0].email))

    for one in desk.open_edits():
        _decide(desk, Decision.withdraw, one.id or 0)

    assert desk.job_in_fyi(job) == before
    assert desk.push().calls == 0


def test_a_refused_edit_is_sent_when_somebody_tries_again(desk: Desk) -> None:
    job = desk.a_job()
    state = next(one for one in desk.open_states() if one != desk.job_in_fyi(job)["state"])
    desk.edit(Noun.JOB, job, state=state)
    desk.house.order("error_body", "job.api/state", description="Invalid state code")
    desk.push()
    (edit,) = desk.open_edits()
    assert (edit.state, edit.reason_key) == (EditState.REFUSED, "push.refused_state_unknown")
    assert edit.reason_text == f"Invalid state code ({made_from(state)})"
    assert said_of(desk.push(), desk.house.integration.practice(SLUG)).key == "push.only_decisions"

    _decide(desk, Decision.try_again, edit.id or 0)
    desk.push()

    assert desk.job_in_xpm(job)["State"] == state


def test_three_refusals_for_one_reason_pause_the_endpoint_until_somebody_tries_again(desk: Desk) -> None:
    jobs = desk.some_jobs(5)
    desk.house.order("error_body", "job.api/update", description="Something is wrong here", times=3)
    for job in jobs:
        desk.edit(Noun.JOB, job, name=f"A name for {job}")

    result = desk.push()
    assert (result.refused, result.waiting, result.paused) == (3, 2, ["job.update"])
    again = desk.push()
    assert (again.calls, again.waiting) == (0, 2)

    refused = [one.id or 0 for one in desk.open_edits() if one.state is EditState.REFUSED]
    _decide(desk, Decision.try_again, *refused)
    desk.push()

    assert set(desk.states()) == {EditState.CONFIRMED}


def test_a_pause_ends_with_the_refusals_it_came_from(desk: Desk) -> None:
    desk.house.order("error_body", "job.api/update", description="Something is wrong here", times=3)
    for job in desk.some_jobs(5):
        desk.edit(Noun.JOB, job, name=f"A name for {job}")
    assert desk.push().waiting == 2

    refused = [one.id or 0 for one in desk.open_edits() if one.state is EditState.REFUSED]
    _decide(desk, Decision.withdraw, *refused)
    result = desk.push()

    assert (result.confirmed, result.waiting, result.paused) == (2, 0, [])


def test_what_was_refused_is_not_sent_over_what_xpm_changed_since(desk: Desk) -> None:
    job, edit = _refused(desk)
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)

    _decide(desk, Decision.try_again, edit)
    desk.push()

    assert desk.job_in_xpm(job)["Name"] == "Named in XPM"
    assert desk.states() == [EditState.CONFLICT]


def test_nor_if_somebody_edits_it_again(desk: Desk) -> None:
    job, _ = _refused(desk)
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)

    desk.edit(Noun.JOB, job, name="Named in FYI again")
    desk.push()

    assert desk.job_in_xpm(job)["Name"] == "Named in XPM"
    assert desk.states() == [EditState.CONFLICT]


def test_people_are_told_of_what_waits_for_a_decision_whether_a_sync_or_a_push_found_it(sqlite_desk: Desk) -> None:
    desk, integration = sqlite_desk, sqlite_desk.house.integration
    job, found_by_a_sync = _in_conflict(desk)
    watch_syncs(integration, SLUG)
    assert _told(desk) == ["watch.undecided"]

    _decide(desk, Decision.keep, found_by_a_sync)
    desk.house.order("error_body", "job.api/update", description="That will not do")
    pushed = report(integration, SLUG, desk.push())

    assert (pushed.key, f"job {job}: Name" in pushed.next) == ("push.needs_decisions", True)
    assert job not in pushed.title + pushed.cause  # those who see no records see these
    watch_syncs(integration, SLUG)
    assert _told(desk) == ["push.needs_decisions", "watch.undecided"]
    with desk.house.database.read() as session:
        (trouble,) = news.troubles(session, SLUG)
    _decide(desk, Decision.withdraw, found_by_a_sync)
    watch_syncs(integration, SLUG)
    with desk.house.database.read() as session:
        assert (trouble.trouble, news.troubles(session, SLUG)) == (Trouble.UNDECIDED, [])


def _told(desk: Desk) -> list[str]:
    """What Practice Activity has about decisions, newest first."""
    with desk.house.database.read() as session:
        kinds = [one.kind for one in activity.recent(session, SLUG)]
    return [kind for kind in kinds if kind in {"push.needs_decisions", "watch.undecided"}]


def _in_conflict(desk: Desk) -> tuple[str, int]:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.in_xpm(job, Name="Named in XPM")
    desk.house.sync(Entity.JOBS)
    (edit,) = desk.open_edits()
    assert edit.state is EditState.CONFLICT
    return job, edit.id or 0


def _refused(desk: Desk) -> tuple[str, int]:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, name="Named in FYI")
    desk.house.order("error_body", "job.api/update", description="That will not do")
    desk.push()
    (edit,) = desk.open_edits()
    assert edit.state is EditState.REFUSED
    return job, edit.id or 0


def _decide(desk: Desk, verdict: Verdict, *edits: int) -> None:
    decide(desk.house.integration, SLUG, verdict, edits, desk.person)


def test_a_refused_state_tells_the_code_that_was_sent_and_whether_somebody_had_set_it(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    job = desk.a_job()
    state = next(one for one in desk.open_states() if one != desk.job_in_fyi(job)["state"])
    set_state_code(desk.house.integration, SLUG, state, "NO SUCH CODE", desk.person)
    desk.edit(Noun.JOB, job, state=state)

    desk.push()
    set_state_code(desk.house.integration, SLUG, state, "ANOTHER", desk.person)  # what was sent stays as it was

    (edit,) = list_edits(desk.house.integration, SLUG)
    assert edit.reason == message("push.refused_state_set")
    assert str(edit.xpms_words).endswith("(NO SUCH CODE)")
