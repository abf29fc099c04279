"""Two administrators reconnect at once: each learns of the other, and nobody is replaced without a word."""

from collections.abc import Callable
from uuid import UUID

import pytest

from console.runs import StepState
from tests.console.office import HARBOUR, LEO, MERE, SAM, Office, path_of, press, text_of

APPS = f"/practices/{HARBOUR}"


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
