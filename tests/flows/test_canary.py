"""No secret is left anywhere: not in what Prefect stores, not in logs, and not unencrypted in our database."""

import base64
import logging
import secrets as dice
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.logging.handlers import APILogWorker
from prefect.settings import get_current_settings
from sqlmodel import select

from console.app import create_app
from console.prefect_runs import PrefectRuns
from flows.reconnect import reconnect
from flows.sync import sync
from sandbox.world import CLIENT_ID, HARBOUR_NAME, MERE
from tests.console.callbacks.scene import query_of
from tests.console.in_process import InProcess
from tests.console.office import leads_to, press
from tests.flows.canary import files_below, found_in, leaks
from tests.flows.office import SLUG, Office, administrator, eventually
from xpm.access.login import make_link
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.store.consent import consents
from xpm.store.tables import AuthorisationAttempt, Consent

pytestmark = pytest.mark.xdist_group("prefect")

CONSOLE = "http://127.0.0.1:4280"
VISITOR = "import sys; from sandbox.browser import answer_consent; print(answer_consent(sys.argv[1], sys.argv[2]))"
ROOT = Path(__file__).parents[2]


@dataclass
class Witness:
    """An administrator at the console who remembers every secret they see."""

    secrets: dict[str, str] = field(default_factory=dict)

    def __call__(self, office: Office, attempt: AuthorisationAttempt) -> None:
        """Log in to Xero from another computer, and come back through the console."""
        with (
            Integration.opened() as integration,
            httpx.Client(transport=InProcess(create_app(integration, PrefectRuns())), base_url=CONSOLE) as browser,
        ):
            self._log_in(integration, browser)
            address = leads_to(press(browser, f"/connect/{attempt.id}"))
            self.secrets |= {name: query_of(address)[name] for name in ("state", "nonce")}
            (self.secrets["browser"],) = {*browser.cookies.values()} - {self.secrets["session"]}
            self.secrets["code verifier"] = self._verifier(integration, attempt.id)
            command = [sys.executable, "-c", VISITOR, address, MERE]
            back = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
            self.secrets["code"] = query_of(back)["code"]
            assert browser.get(f"{urlsplit(back).path}?{urlsplit(back).query}").is_redirect
            page = f"/runs/{attempt.flow_run_id}"
            eventually(lambda: 'name="account_name"' in browser.get(page).text)
            typed = browser.post(f"{page}/name", data={"account_name": HARBOUR_NAME}, headers={"Origin": CONSOLE})
            assert typed.is_redirect
        self.note_tokens(office, "first")

    def _log_in(self, integration: Integration, browser: httpx.Client) -> None:
        """Log in with a link. The signed cookie begins with the session's token."""
        link = make_link(integration, MERE).get_secret_value()
        assert press(browser, link).is_redirect
        self.secrets["login link"] = link.rpartition("/")[2]
        (self.secrets["session"],) = browser.cookies.values()

    @staticmethod
    def _verifier(integration: Integration, attempt_id: str) -> str:
        with integration.database.read() as session:
            sealed = session.get_one(AuthorisationAttempt, attempt_id).code_verifier
        assert sealed
        return integration.vault.open(sealed, f"authorisation_attempt/{attempt_id}/code_verifier")

    def note_tokens(self, office: Office, when: str) -> None:
        """Remember the currently stored tokens."""
        with Integration.opened() as integration, office.database.read() as session:
            (consent_id,) = session.exec(select(Consent.id)).all()
            tokens = consents.tokens_of(session, integration.vault, consent_id)
        assert tokens.access_token
        assert tokens.refresh_token
        self.secrets |= {f"{when} access token": tokens.access_token, f"{when} refresh token": tokens.refresh_token}


@pytest.fixture
def witness(office: Office, monkeypatch: pytest.MonkeyPatch) -> Witness:
    """A witness who already knows the app's secret and the key."""
    secret = dice.token_urlsafe(24)
    office.sandbox.world.apps[CLIENT_ID].secret = secret
    monkeypatch.setenv("XERO_CLIENT_SECRET", secret)
    return Witness({"client secret": secret, "encryption key": office.key})


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Collect everything that was logged, with tracebacks, except the test browser's own requests to the console."""
    lines = []
    for record in caplog.records:
        if not record.getMessage().startswith((f"HTTP Request: GET {CONSOLE}/", f"HTTP Request: POST {CONSOLE}/")):
            lines.append(record.getMessage())
            lines += traceback.format_exception(*record.exc_info) if record.exc_info else []
    return "\n".join(lines)


def provoke(office: Office) -> list[str]:
    """Cause a failure while tokens are in memory, and return how it ends."""
    office.sandbox.world.grants.revoke(MERE)
    state = sync(SLUG, [Entity.STAFF], return_state=True)
    assert state.is_failed()
    return [repr(state)]


def test_a_reconnect_a_sync_and_failures_leave_no_secret_behind(
    office: Office, witness: Witness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with administrator(office, witness):
        state = reconnect(SLUG, MERE, True, 1, return_state=True)
    assert state.is_completed(), state.message
    office.sandbox.world.grants.expire_access()
    assert sync(SLUG, return_state=True).is_completed()
    witness.note_tokens(office, "second")
    told = provoke(office)
    APILogWorker.drain_all(timeout=10)

    assert len({*witness.secrets.values()}) == 13
    printed = "".join(capfd.readouterr())
    assert found_in(witness.secrets, "\n".join([logged(caplog), printed, *told]).encode()) == set()

    home = files_below(get_current_settings().home)
    kept = b"".join(file.read_bytes() for file in home)
    assert all(said in kept for said in (b"Waiting for Mere", b"xpm-connection-harbour-vale", b"long_term_user"))
    assert leaks(witness.secrets, home) == {}

    ours = [
        file for file in files_below(Path(office.database.url.database or "").parent) if file.name.startswith("xpm.db")
    ]
    assert b"Mere" in b"".join(file.read_bytes() for file in ours)
    assert leaks(witness.secrets, ours) == {}
    assert found_in(witness.secrets, everything_prefect_tells().encode()) == set()


def everything_prefect_tells() -> str:
    """Read runs with their parameters and states, artifacts and logs from the API."""
    with get_client(sync_client=True) as client:
        told = [client.request("POST", path, json={}).text for path in ("/flow_runs/filter", "/task_runs/filter")]
        told += [client.request("POST", path, json={}).text for path in ("/artifacts/filter", "/logs/filter")]
    assert "harbour-vale" in told[0]
    return "".join(told)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_search_finds_a_secret_in_clear_and_in_base64_at_any_offset(before: str) -> None:
    secret = {"it": "a secret/that+is=long enough"}
    text = f"{before}{secret['it']} and more".encode()
    for content in (text, base64.b64encode(text), base64.urlsafe_b64encode(text), base64.b64encode(text).rstrip(b"=")):
        assert found_in(secret, content) == {"it"}
    assert found_in(secret, b"a secret of another kind") == set()


def test_the_search_finds_any_signed_token() -> None:
    assert found_in({}, b"id_token=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZXJlIn0.c2ln") == {"a JWT"}
