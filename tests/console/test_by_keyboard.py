"""In a real browser, the log in to Xero is at hand for people who use a keyboard or hear the page."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from console.runs import StepState
from tests.console.office import Office
from tests.console.serving import serving
from tests.keyboard import Keyboard, keyboard
from xpm.store.consent import attempts

pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("chromium")]

LOG_IN = "Log in to Xero"


@pytest.fixture
def at_a_keyboard(office: Office) -> Iterator[tuple[Keyboard, str, UUID]]:
    """Mere, logged in, in front of a browser; the address of the console, and a run that waits for her to log in."""
    run, _ = office.invited()
    with serving(office) as port, keyboard() as browser:
        console = f"http://127.0.0.1:{port}"
        browser.has_cookie(console, "xpm-session", office.browser.cookies["xpm-session"])
        yield browser, console, run


def loads(browser: Keyboard) -> float:
    """When the page that is shown was loaded; a reload changes it."""
    return float(browser.look("performance.timeOrigin"))


def tabs_to(browser: Keyboard, wanted: str) -> int:
    return next(count for count in range(1, 20) if browser.press("Tab") == wanted)


def test_the_log_in_is_two_tabs_away_and_keeps_the_focus_while_the_page_keeps_itself_up_to_date(
    office: Office, at_a_keyboard: tuple[Keyboard, str, UUID]
) -> None:
    browser, console, run = at_a_keyboard
    browser.open(f"{console}/runs/{run}")
    assert tabs_to(browser, LOG_IN) <= 2
    before = loads(browser)
    with office.integration.database.write() as session:  # the button's own part of the page changes as well
        attempts.of_run(session, str(run))[0].expires_at += timedelta(days=1)
    until = browser.look("document.querySelector('.next').innerText")
    office.runs.move(run, StepState.RUNNING, ["Allow access", "Choose the account"])
    browser.until(lambda: "Check the account" in browser.look("document.getElementById('now').innerText"))
    browser.until(lambda: browser.look("document.querySelector('.next').innerText") != until)
    assert browser.look("document.getElementById('now').getAttribute('aria-live')") == "polite"
    assert (loads(browser), browser.focused()) == (before, LOG_IN)


def test_the_run_page_goes_on_in_place_to_the_question_and_then_stays(
    office: Office, at_a_keyboard: tuple[Keyboard, str, UUID]
) -> None:
    browser, console, run = at_a_keyboard
    browser.open(f"{console}/runs/{run}")
    before = loads(browser)
    office.runs.pause_for_choice(run, "Harbour & Vale · 2d41", "Coastal · 1f06")
    browser.until(lambda: bool(browser.look("document.querySelector('input[name=account]') !== null")))
    assert loads(browser) == before
    assert tabs_to(browser, "account") <= 2


def test_without_scripts_the_log_in_is_two_tabs_away_too(at_a_keyboard: tuple[Keyboard, str, UUID]) -> None:
    browser, console, run = at_a_keyboard
    browser.without_scripts()
    browser.open(f"{console}/runs/{run}")
    assert tabs_to(browser, LOG_IN) <= 2
