"""The login at Xero and its callback, against the sandbox over real HTTP."""

import logging
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from console.consent import WAKE_TRIES
from sandbox.browser import answer_consent
from sandbox.world import HARBOUR_VALE
from tests.console.conftest import settings
from tests.console.office import (
    COASTAL,
    HARBOUR,
    LEO,
    MERE,
    SAM,
    Office,
    leads_to,
    office_over,
    path_of,
    press,
    text_of,
)
from xpm.consent.invitation import expire, require_granted
from xpm.store import people
from xpm.store.consent import attempts, connections
from xpm.store.engine.database import Database
from xpm.store.tables import Consent
from xpm.store.vocabulary import AttemptOutcome, ConnectionState
from xpm.words import Stopped

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def to_xero(browser: httpx.Client, link: str) -> str:
    return leads_to(press(browser, link))


def back(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def outcome_of(office: Office, attempt_id: str) -> AttemptOutcome:
    with office.integration.database.read() as session:
        return attempts.get(session, attempt_id).outcome


def test_allowing_access_stores_the_consent_wakes_the_run_and_leaves_the_address_with_the_code(
    practising: Office,
) -> None:
    run_id, invited = practising.invited()
    answer = practising.browser.get(back(answer_consent(to_xero(practising.browser, invited.link), MERE)))
    assert (answer.status_code, path_of(answer)) == (303, f"/runs/{run_id}")
    assert "code" not in answer.headers["location"]
    assert outcome_of(practising, invited.attempt_id) is AttemptOutcome.GRANTED
    assert practising.runs.answers == [(run_id, "look")]
    with practising.integration.database.read() as session:
        assert connections.get(session, HARBOUR).state is ConnectionState.CHOOSING_PRACTICE


def test_the_button_leads_to_xero_and_appears_in_no_cache_and_in_no_referrer_elsewhere(practising: Office) -> None:
    _, invited = practising.invited()
    answer = press(practising.browser, invited.link)
    for one in (practising.browser.get(invited.link), answer):
        assert one.headers["cache-control"] == "no-store"
        assert one.headers["referrer-policy"] == "same-origin"
    asked = parse_qs(urlsplit(leads_to(answer)).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:4280/oauth/callback"]
    assert asked["code_challenge_method"] == ["S256"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whatever_opens_the_link_without_its_button_changes_nothing(practising: Office, method: str) -> None:
    run_id, invited = practising.invited()
    address = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    opened = practising.browser.request(method, invited.link)
    assert opened.status_code == 200
    assert "set-cookie" not in opened.headers
    assert path_of(practising.browser.get(address)) == f"/runs/{run_id}"


def test_the_cookie_is_sent_only_to_the_callback_and_expires_with_the_link(practising: Office) -> None:
    _, invited = practising.invited()
    cookie = press(practising.browser, invited.link).headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/oauth/callback"} <= parts
    assert "secure" not in parts
    (age,) = [int(part.removeprefix("max-age=")) for part in parts if part.startswith("max-age=")]
    assert 29 * 60 <= age <= 30 * 60


def test_an_https_console_sets_a_cookie_for_https_only(sqlite_database: Database) -> None:
    console = "https://fyi.harbourvale.example"
    with office_over(sqlite_database, settings(xpm_console_url=console)) as office:
        _, invited = office.invited()
        answer = office.browser.post(f"{console}/connect/{invited.attempt_id}", headers={"Origin": console})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name.startswith("__Secure-")
    assert "Secure" in rest


def test_the_cookie_is_deleted_with_the_answer(practising: Office) -> None:
    _, invited = practising.invited()
    answer = practising.browser.get(back(answer_consent(to_xero(practising.browser, invited.link), MERE)))
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert [cookie.name for cookie in practising.browser.cookies.jar] == ["xpm-session"]


def test_logins_of_two_practices_do_not_disturb_each_other(practising: Office) -> None:
    first_run, first = practising.invited()
    second_run, second = practising.invited(SAM, COASTAL)
    practising.log_in(SAM)  # an administrator of both
    first_at_xero, second_at_xero = (to_xero(practising.browser, invited.link) for invited in (first, second))
    for address, email, run_id in ((first_at_xero, MERE, first_run), (second_at_xero, SAM, second_run)):
        assert path_of(practising.browser.get(back(answer_consent(address, email)))) == f"/runs/{run_id}"


def test_an_answer_in_another_browser_is_refused_and_uses_nothing_up(practising: Office) -> None:
    run_id, invited = practising.invited()
    address = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    with practising.another_browser() as other:
        refused = other.get(address)
    assert refused.status_code == 400
    assert "did not match this reconnect" in refused.text
    assert practising.runs.answers == []
    assert path_of(practising.browser.get(address)) == f"/runs/{run_id}"


def test_an_answer_counts_once(practising: Office) -> None:
    _, invited = practising.invited()
    address = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    cookies = list(practising.browser.cookies.jar)
    practising.browser.get(address)
    for cookie in cookies:
        practising.browser.cookies.jar.set_cookie(cookie)
    again = practising.browser.get(address)
    assert again.status_code == 400
    assert "no longer valid" in again.text


def test_an_answer_that_nobody_asked_for_is_refused(practising: Office) -> None:
    for query in ("", "?code=c-1&state=forged", "?error=access_denied"):
        refused = practising.get(f"/oauth/callback{query}")
        assert refused.status_code == 400
        assert refused.headers["referrer-policy"] == "same-origin"


def test_pressing_cancel_at_xero_leads_to_the_run_and_wakes_it_to_stop(practising: Office) -> None:
    run_id, invited = practising.invited()
    cancelled = answer_consent(to_xero(practising.browser, invited.link), MERE, decision="cancel")
    assert path_of(practising.browser.get(back(cancelled))) == f"/runs/{run_id}"
    assert outcome_of(practising, invited.attempt_id) is AttemptOutcome.DECLINED
    assert practising.runs.answers == [(run_id, "look")]


def test_a_person_other_than_the_one_checked_is_refused_by_name(practising: Office) -> None:
    run_id, invited = practising.invited()
    address = answer_consent(to_xero(practising.browser, invited.link), SAM, tenants=[HARBOUR_VALE])
    refused = practising.browser.get(back(address))
    assert refused.status_code == 400
    assert "Sam Brooks allowed access, but the reconnect was started for Mere" in text_of(refused)
    assert f'href="/runs/{run_id}"' in refused.text
    assert outcome_of(practising, invited.attempt_id) is AttemptOutcome.REFUSED
    assert practising.runs.answers == [(run_id, "look")]


@pytest.mark.parametrize(
    ("lost", "why"), [("is_active", "Mere Tāne is not active in FYI"), ("is_admin", "Mere Tāne is not an FYI Admin")]
)
def test_a_person_who_lost_the_right_on_the_way_to_xero_connects_nothing(
    practising: Office, lost: str, why: str
) -> None:
    _, invited = practising.invited()
    answer = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    with practising.integration.database.write() as session:
        people.update(session, practising.person(MERE).id, **{lost: False})
    practising.browser.get(answer)
    with practising.integration.database.read() as session:
        attempt = attempts.get(session, invited.attempt_id)
        assert (attempt.outcome, attempt.consent_id) == (AttemptOutcome.REFUSED, None)
        assert session.exec(select(Consent)).all() == []
    with pytest.raises(Stopped, match=why):
        require_granted(practising.integration, invited)


def test_an_outage_at_xero_leaves_the_run_waiting_and_the_link_valid(practising: Office) -> None:
    run_id, invited = practising.invited()
    address = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    fault = {"area": "token", "kind": "maintenance", "times": 0}
    xero = practising.integration.app.token_url.removesuffix("/connect/token")
    httpx.post(f"{xero}/sandbox/faults", json=fault).raise_for_status()
    silent = practising.browser.get(address)
    assert silent.status_code == 400
    assert "Xero did not answer" in silent.text
    assert practising.runs.answers == []
    httpx.delete(f"{xero}/sandbox/faults").raise_for_status()
    again = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    assert path_of(practising.browser.get(again)) == f"/runs/{run_id}"


def test_unknown_and_expired_links_say_so(office: Office) -> None:
    _, invited = office.invited()
    expire(office.integration, invited)
    unknown, over = (press(office.browser, f"/connect/{one}") for one in (UNKNOWN, invited.attempt_id))
    assert (unknown.status_code, over.status_code) == (404, 410)
    assert "no longer valid" in over.text
    assert "set-cookie" not in over.headers


def test_a_run_that_is_just_pausing_is_woken_a_moment_later(practising: Office) -> None:
    run_id, invited = practising.invited()
    del practising.runs.waits_for[run_id]
    practising.slept.clear()
    address = back(
        answer_consent(
            to_xero(
                practising.browser,
                invited.link,
            ),
            MERE,
        )
    )
    practising.browser.get(address)
    assert len(practising.slept) == WAKE_TRIES - 1
    practising.runs.pause_for_consent(run_id)
    practising.get(f"/runs/{run_id}")
    assert practising.runs.answers == [(run_id, "look")]


def test_a_missed_wake_up_is_logged_without_code_or_state(practising: Office, caplog: pytest.LogCaptureFixture) -> None:
    run_id, invited = practising.invited(LEO)
    address = back(answer_consent(to_xero(practising.browser, invited.link), MERE))
    practising.runs.is_up = False
    caplog.set_level(logging.DEBUG)
    practising.browser.get(address)
    told = [line for line in caplog.messages if str(run_id) in line]
    assert told == [f"Run {run_id} could not be woken: RunsUnavailable. Resume it in Prefect."]
    asked = parse_qs(urlsplit(address).query)
    ours = [line for line in caplog.messages if "GET http://127.0.0.1:4280/" not in line]  # the test's own browser
    assert not any(asked[name][0] in line for name in ("code", "state") for line in ours)
