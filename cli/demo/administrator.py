"""A scripted administrator: does over HTTP what a person does in the browser."""

from collections.abc import Callable
from typing import TypeVar, cast

from tenacity import RetryError, Retrying, retry_if_not_result, stop_after_delay, wait_fixed

from cli.demo.browser import Browser
from cli.demo.stage import ADMIN, PRACTICE, PRACTICE_NAME, Stage

Found = TypeVar("Found")

PASSWORD = "practice"  # noqa: S105 - everybody's in the sandbox
PATIENCE = (
    120.0  # seconds for a page to show what is waited for; a first run takes a slow machine half a minute to start
)


class GaveUp(Exception):
    """A page did not show what the administrator waited for in time."""


def log_in_and_allow(browser: Browser, *, practices: int | None = None) -> None:
    """Log in to the sandbox's Xero, unless that was done, and click Allow Access, for the first few accounts or all."""
    if browser.has_form("/identity/login"):
        browser.submit("/identity/login", {"email": ADMIN, "password": PASSWORD})
    offered = browser.options("tenant")[:practices]
    browser.submit("/identity/consent", {"tenant": offered, "decision": "allow"})


def reconnect(stage: Stage, tell: Callable[[str], None]) -> str:
    """Go through the whole runbook in the console, and return the id of the flow run that was started."""
    with Browser() as browser:
        tell("opens Apps, Xero Practice Manager, signs in with Xero and clicks Reconnect XPM")
        browser.open(f"{stage.console}/practices/{PRACTICE}")
        browser.submit("/login", {})
        _follow_to_xero(browser)
        browser.submit("/reconnect", {"long_term_user": "yes"})
        run = browser.url
        tell("clicks Log in to Xero, ticks both accounts and clicks Allow Access")
        _wait(browser, run, lambda: browser.has_form("/connect/"))
        browser.submit("/connect/", {})
        _follow_to_xero(browser)
        _wait(browser, run, lambda: browser.has_form("/account"))
        right = next(label for label in browser.options("account") if label.startswith(f"{PRACTICE_NAME},"))
        tell(f"chooses {right}")
        browser.submit("/account", {"account": right})
    return run.rpartition("/")[2]


def _follow_to_xero(browser: Browser) -> None:
    """Follow the console's page that leads to Xero, and allow there what it asks."""
    browser.open(str(browser.link("/connect/authorize")))
    log_in_and_allow(browser)


def _wait(browser: Browser, url: str, look: Callable[[], Found | None]) -> Found:
    def opened() -> Found | None:
        browser.open(url)
        return look()

    patience = Retrying(retry=retry_if_not_result(bool), stop=stop_after_delay(PATIENCE), wait=wait_fixed(0.5))
    try:
        return cast("Found", patience(opened))
    except RetryError:
        raise GaveUp(f"{url} did not show the next step within {PATIENCE:.0f} seconds.") from None
