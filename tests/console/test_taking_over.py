"""Two administrators reconnect at once: each learns of the other, and nobody is replaced without a word."""

from collections.abc import Callable
from uuid import UUID

import pytest

from console.runs import StepState
from tests.console.office import HARBOUR, LEO, MERE, SAM, Office, path_of, press, text_of
from xpm.account.comparison import AccountComparison
from xpm.consent.invitation import Invitation, invite
from xpm.consent.preflight import Person
from xpm.words import Stopped

APPS = f"/practices/{HARBOUR}"
COMPARED = AccountComparison(practice_name="", tenant_name="Harbour & Vale", until_now="none", kinds=())
REPLACED = "A newer reconnect of Harbour &amp; Vale replaced this one Sam Brooks started it on"


def started_by_mere(office: Office) -> UUID:
    office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    (run,) = office.runs.runs
    return run


@pytest.mark.parametrize(
    "start",
    [started_by_mere, lambda office: office.invited(MERE)[0]],
    ids=["just requested", "started elsewhere, and waiting for the login"],
)
def test_another_administrator_is_asked_whether_to_take_over(office: Office, start: Callable[[Office], UUID]) -> None:
    run, before = start(office), len(office.runs.started)
    answer = office.log_in(SAM).post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    assert (answer.status_code, len(office.runs.started)) == (409, before)
    assert "Mere Tāne is reconnecting XPM already" in text_of(answer)
    assert f'href="/runs/{run}"' in answer.text
    assert f'name="take_over" value="{run}"' in answer.text

    taken = office.post(f"{APPS}/reconnect", {"long_term_user": "yes", "take_over": str(run)})
    assert path_of(taken) != f"/runs/{run}"
    assert office.runs.started[-1]["admin_email"] == SAM
    assert office.entries()[0].title == "Sam Brooks asked to reconnect XPM"


def taken_over_by_sam(office: Office, older: UUID) -> UUID:
    """Let Sam click *Take over*; no program has begun the new run yet."""
    office.log_in(SAM).post(f"{APPS}/reconnect", {"long_term_user": "yes", "take_over": str(older)})
    newer = office.entries()[0].flow_run_id
    assert newer
    return UUID(newer)


def invited_by(office: Office, run: UUID, email: str) -> Invitation:
    """Do what the program of a run does when it begins."""
    user = office.person(email)
    person = Person(id=user.id, name=user.name, email=user.email)
    return invite(office.integration, HARBOUR, person, minutes=30, flow_run_id=str(run))


def test_who_is_taken_over_from_cannot_log_in_from_the_click_on(office: Office) -> None:
    older, invitation = office.invited(MERE)
    newer = taken_over_by_sam(office, older)
    for answer in (office.get(invitation.link), press(office.browser, invitation.link)):
        assert answer.status_code == 410
        assert REPLACED in text_of(answer)
        assert f'href="/runs/{newer}"' in answer.text
    assert REPLACED in text_of(office.get(f"/runs/{older}"))
    assert "Mere Tāne is reconnecting" not in office.get(APPS).text


def test_who_is_taken_over_from_can_choose_and_confirm_nothing_from_the_click_on(office: Office) -> None:
    older, _ = office.invited(MERE)
    office.runs.pause_for_choice(older, "Harbour & Vale", "Coastal Branch")
    taken_over_by_sam(office, older)
    office.log_in(MERE)
    answer = office.post(f"/runs/{older}/account", {"account": "Harbour & Vale"})
    office.runs.move(older, StepState.PAUSED, choices=(), compared=COMPARED)
    office.runs.waits_for[older] = "name"
    named = office.post(f"/runs/{older}/name", {"account_name": COMPARED.tenant_name})
    assert (path_of(answer), path_of(named)) == (f"/runs/{older}", f"/runs/{older}")
    assert office.runs.answers == []
    assert REPLACED in text_of(office.get(f"/runs/{older}"))


def test_who_is_taken_over_from_before_the_program_began_takes_nothing_back(office: Office) -> None:
    older = started_by_mere(office)
    newer = taken_over_by_sam(office, older)
    invited_by(office, newer, SAM)
    with pytest.raises(Stopped) as stopped:
        invited_by(office, older, MERE)
    assert stopped.value.message.key == "consent.superseded"
    assert REPLACED in text_of(office.get(f"/runs/{older}"))
    assert "Log in to Xero</button>" in office.get(f"/runs/{newer}").text


def test_taking_over_from_a_reconnect_that_is_no_longer_the_one_under_way_asks_again(office: Office) -> None:
    first = started_by_mere(office)
    office.runs.move(first, StepState.FAILED)
    second = office.post(f"{APPS}/reconnect", {"long_term_user": "yes"})
    answer = office.log_in(SAM).post(f"{APPS}/reconnect", {"long_term_user": "yes", "take_over": str(first)})
    assert answer.status_code == 409
    assert path_of(second) in answer.text


def test_the_apps_page_says_who_reconnects_and_offers_to_watch_or_to_take_over(office: Office) -> None:
    run, _ = office.invited(MERE)
    own = office.get(APPS).text
    assert "Continue the reconnect" in own
    assert "take_over" not in own
    other = office.log_in(SAM).get(APPS).text
    assert "Mere Tāne is reconnecting XPM" in other
    assert f'href="/runs/{run}">Watch the reconnect' in other
    assert f'name="take_over" value="{run}"' in other
    user = office.log_in(LEO).get(APPS).text
    assert "Watch the reconnect" in user
    assert "take_over" not in user


def test_a_replaced_link_and_its_run_say_by_whom_and_lead_to_the_newer_run(office: Office) -> None:
    older, invitation = office.invited(MERE)
    newer, _ = office.invited(SAM)
    for answer in (office.get(invitation.link), press(office.browser, invitation.link)):
        assert answer.status_code == 410
        assert "A newer reconnect of Harbour &amp; Vale replaced this one Sam Brooks started it on" in text_of(answer)
        assert f'href="/runs/{newer}"' in answer.text
    shown = office.get(f"/runs/{older}")
    assert "A newer reconnect of Harbour &amp; Vale replaced this one Sam Brooks started it on" in text_of(shown)
    assert f'href="/runs/{newer}">Open the newer reconnect' in shown.text
    assert "Log in to Xero</button>" not in shown.text
