"""No token, code, secret or verifier leaves through a repr, a log or an exception."""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.world import CLIENT_ID, CLIENT_SECRET, MERE
from tests.consent.harbour import Harbour, Sent
from xpm.consent.access import practice_access
from xpm.consent.callback import LoginStart, Received, receive, start_login
from xpm.consent.invitation import Invitation, attempt_of
from xpm.consent.keeper import ConsentKeeper, token_pair
from xpm.integration import Integration
from xpm.words import Stopped
from xpm.xero import endpoints
from xpm.xero.errors import XeroError

OURS = ("xpm", "httpx", "httpcore", "sqlalchemy", "authlib", "joserfc", "root")
"""The loggers of our own code; the sandbox's server has others."""


@dataclass
class Overheard(httpx.BaseTransport):
    """A transport to Xero that remembers every secret it carries."""

    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.really = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.read().decode())
        for name in ("code", "code_verifier", "refresh_token"):
            self.secrets.update(form.get(name, ()))
        response = self.really.handle_request(request)
        response.read()
        if "json" in response.headers.get("Content-Type", "") and response.is_success:
            told = response.json()
            names = ("access_token", "refresh_token", "id_token")
            self.secrets.update(told[name] for name in names if isinstance(told, dict) and name in told)
        return response

    def close(self) -> None:
        self.really.close()


@dataclass
class Tapped:
    """A practice whose traffic with the token endpoint is overheard, and everything readable that it produces."""

    harbour: Harbour
    wire: Overheard
    seen: list[str] = field(default_factory=list)

    @property
    def integration(self) -> Integration:
        return self.harbour.integration

    def show(self, *things: object) -> None:
        """Write objects in every way a log or a debugger does."""
        for thing in things:
            self.seen += [repr(thing), str(thing), f"{vars(thing) if hasattr(thing, '__dict__') else thing!r}"]

    def go(self, invitation: Invitation) -> tuple[Sent, LoginStart]:
        out = start_login(self.integration, invitation.attempt_id)
        logging.disable()  # the scripted browser logs the addresses it opens, which is not ours
        sent = self.harbour.go(invitation)  # opens the link again, in another browser
        logging.disable(logging.NOTSET)
        query = parse_qs(urlsplit(out.url.get_secret_value()).query)
        self.wire.secrets |= {out.browser.get_secret_value(), query["state"][0], query["nonce"][0]}
        self.wire.secrets |= {sent.browser, sent.answer["state"], sent.answer["code"]}
        return sent, out

    def raised(self, error: BaseException) -> None:
        self.show(error)
        self.seen += traceback.format_exception(error)


@pytest.fixture
def tapped(harbour: Harbour) -> Iterator[Tapped]:
    wire = Overheard(
        {CLIENT_SECRET, *(key.get_secret_value() for key in harbour.integration.settings.xpm_encryption_keys)}
    )
    with httpx.Client(transport=wire) as http:
        yield Tapped(replace(harbour, integration=replace(harbour.integration, http=http)), wire)


@pytest.mark.also_on_postgresql("what the driver logs")
def test_a_reconnect_and_a_sync_expose_no_secret(tapped: Tapped, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    harbour = tapped.harbour
    invitation = harbour.invite()
    sent, out = tapped.go(invitation)
    received = receive(tapped.integration, sent.answer, sent.browser)
    tapped.show(invitation, out, received, attempt_of(tapped.integration, invitation), tapped.integration.settings)
    tapped.show(tapped.integration, tapped.integration.app, tapped.integration.oauth, tapped.integration.vault)
    assert harbour.finish(invitation).key == "connection.made"

    keeper = ConsentKeeper(tapped.integration, harbour.active_consent().id)
    renewed = keeper.renew(keeper.current())
    tapped.show(
        keeper, renewed, token_pair(renewed), harbour.active_consent(), harbour.tokens(harbour.active_consent().id)
    )
    with practice_access(tapped.integration, harbour.slug) as access:
        tapped.show(access, list(access.api.list(endpoints.STAFF)))
    assert len(tapped.wire.secrets) > 12
    assert_nothing_shows(tapped, caplog)


@pytest.mark.parametrize("kind", ["lost_answer", "maintenance", "truncate", "garbage", "reset"])
def test_an_error_at_the_token_end_point_exposes_no_secret(
    tapped: Tapped, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    tapped.harbour.connect()
    caplog.set_level(logging.DEBUG)
    tapped.harbour.fault("token", kind, times=0)
    sent, _ = tapped.go(tapped.harbour.invite())
    tapped.show(receive(tapped.integration, sent.answer, sent.browser))
    keeper = ConsentKeeper(tapped.integration, tapped.harbour.active_consent().id)
    with pytest.raises(XeroError) as error:
        keeper.renew(keeper.current())
    tapped.raised(error.value)
    assert_nothing_shows(tapped, caplog)


def test_an_ended_consent_exposes_no_secret(tapped: Tapped, caplog: pytest.LogCaptureFixture) -> None:
    tapped.harbour.connect()
    caplog.set_level(logging.DEBUG)
    tapped.harbour.world.grants.revoke(MERE)
    with pytest.raises(Stopped) as stopped, practice_access(tapped.integration, tapped.harbour.slug) as access:
        list(access.api.list(endpoints.STAFF))
    tapped.raised(stopped.value)
    assert_nothing_shows(tapped, caplog)


def test_a_wrong_secret_is_not_shown(tapped: Tapped, caplog: pytest.LogCaptureFixture) -> None:
    tapped.harbour.world.apps[CLIENT_ID].secret = "another-secret"
    caplog.set_level(logging.DEBUG)
    sent, _ = tapped.go(tapped.harbour.invite())
    received = receive(tapped.integration, sent.answer, sent.browser)
    assert received.message.key == "consent.app_misconfigured"
    tapped.show(received)
    assert_nothing_shows(tapped, caplog)


@pytest.mark.parametrize("forged", [{"state": "made up"}, {"error": "s3cret-text"}, {"iss": "https://x.example"}])
def test_the_content_of_a_forged_answer_is_not_repeated(tapped: Tapped, forged: dict[str, str]) -> None:
    sent, _ = tapped.go(tapped.harbour.invite())
    received = receive(tapped.integration, sent.answer | forged, sent.browser)
    assert isinstance(received, Received)
    assert not any(value in f"{received!r}" for value in forged.values())


def test_practice_activity_and_the_log_of_states_hold_no_secret(tapped: Tapped) -> None:
    invitation = tapped.harbour.invite()
    sent, _ = tapped.go(invitation)
    receive(tapped.integration, sent.answer, sent.browser)
    tapped.harbour.finish(invitation)
    tapped.show(tapped.harbour.facts(), *tapped.harbour.transitions(), *tapped.harbour.entries())
    assert not [secret for secret in tapped.wire.secrets if any(secret in text for text in tapped.seen)]


def assert_nothing_shows(tapped: Tapped, caplog: pytest.LogCaptureFixture) -> None:
    logged = [
        f"{record.getMessage()} {record.args} {record.exc_text}"
        for record in caplog.records
        if record.name.startswith(OURS)
    ]
    assert logged
    everything = "\n".join([*logged, *tapped.seen])
    shown = {secret[:6] for secret in tapped.wire.secrets if secret in everything}
    assert not shown
