"""Breaks the demo's connection: makes a real one, then withdraws its access at Xero."""

import httpx

from cli.demo.administrator import log_in_and_allow
from cli.demo.browser import Browser
from cli.demo.stage import ADMIN, PRACTICE, PRACTICE_NAME, Stage
from xpm.account import choice, confirmation, reset
from xpm.consent import callback, invitation, preflight
from xpm.consent.access import practice_access
from xpm.integration import Integration
from xpm.words import Stopped
from xpm.xero import endpoints


def connect_and_break(integration: Integration, stage: Stage) -> None:
    """Connect the practice as its administrator once did, withdraw the access, and let a sync notice."""
    connect(integration, stage)
    withdraw(integration, stage)


def connect(integration: Integration, stage: Stage) -> None:
    """Connect the practice, without Prefect: the steps of the runbook, up to the syncs."""
    person = preflight.check_person(integration, PRACTICE, ADMIN, stays=True)
    invited = invitation.invite(integration, PRACTICE, person, minutes=5, flow_run_id="set-up")
    _allow_access(integration, invited.attempt_id)
    (offer,) = choice.offers(integration, invited)
    choice.choose(integration, invited, offer)
    reset.check_chosen(integration, invited)
    confirmation.confirm(integration, invited, PRACTICE_NAME)
    reset.reset(integration, invited)


def withdraw(integration: Integration, stage: Stage) -> None:
    """Withdraw the access at Xero, and call it once so that FYI notices."""
    httpx.post(f"{stage.sandbox}/sandbox/tokens/revoke", json={"email": ADMIN}).raise_for_status()
    try:
        with practice_access(integration, PRACTICE) as access:
            list(access.api.list(endpoints.STAFF))
    except Stopped:
        return
    raise AssertionError("Xero still gives access.")


def _allow_access(integration: Integration, attempt_id: str) -> None:
    out = callback.start_login(integration, attempt_id)
    with Browser(stop_at=integration.app.redirect_uri) as browser:
        browser.open(out.url.get_secret_value())
        log_in_and_allow(browser, practices=1)
        answer = dict(httpx.URL(browser.url).params)
    callback.receive(integration, answer, out.browser.get_secret_value())
