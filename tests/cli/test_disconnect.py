"""`fyi-xpm disconnect` asks first and ends the access on both sides; a later reconnect keeps the records."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.browser import answer_consent
from sandbox.faults import fault_from
from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, CLIENT_SECRET, HARBOUR_VALE, small_world
from sandbox.xpm.limits import RateLimits
from tests.cli.shell import MERE, SLUG, Installed, Shell, types
from tests.conftest import Serve
from xpm.account.choice import choose, offers
from xpm.account.confirmation import confirm, is_open
from xpm.account.reset import reset
from xpm.consent.callback import receive, start_login
from xpm.consent.invitation import invite
from xpm.consent.preflight import Person
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.outcome import PullResult
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store import activity, people
from xpm.store.consent import connections
from xpm.store.vocabulary import ConnectionState, SyncMode, SyncTrigger

XERO = {
    "XERO_AUTHORIZE_URL": "identity/connect/authorize",
    "XERO_TOKEN_URL": "connect/token",
    "XERO_CONNECTIONS_URL": "connections",
    "XERO_XPM_URL": "practicemanager/3.1/",
    "XERO_JWKS_URL": ".well-known/openid-configuration/jwks",
}
RECORDS = (Entity.JOBS, Entity.CLIENTS, Entity.STAFF)


@pytest.fixture
def sandbox(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    """A Xero, configured in the environment."""
    running = serve(small_world(jobs=4, clients=4, returns=1, limits=RateLimits(0, 0, 0, 0)))
    for name, path in XERO.items():
        monkeypatch.setenv(name, f"{running.url}/{path}")
    monkeypatch.setenv("XERO_ISSUER", running.url)
    monkeypatch.setenv("XERO_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("XERO_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("XERO_CALLS_PER_MINUTE", "100000")
    return running


@pytest.fixture
def connected(sandbox: SandboxServer, installed: Installed) -> Installed:
    """An installation with a practice that Mere has connected."""
    installed.add_practice()
    with installed.integration() as integration:
        reconnect(integration, "run-1")
    return installed


def reconnect(integration: Integration, run: str) -> None:
    with integration.database.read() as session:
        user = people.by_email(session, SLUG, MERE)
    assert user
    person = Person(id=user.id, name=user.name, email=user.email)
    invitation = invite(integration, SLUG, person, minutes=30, flow_run_id=run)
    out = start_login(integration, invitation.attempt_id)
    callback = answer_consent(out.url.get_secret_value(), MERE, tenants=[HARBOUR_VALE])
    receive(integration, dict(parse_qsl(urlsplit(callback).query)), out.browser.get_secret_value())
    choose(integration, invitation, offers(integration, invitation)[0])
    if is_open(integration, invitation):
        confirm(integration, invitation, "Harbour & Vale")
    reset(integration, invitation)


def sync(installed: Installed) -> list[PullResult]:
    with installed.integration() as integration:
        return [
            run_pull(integration, PullRequest(SLUG, entity, SyncMode.FULL, trigger=SyncTrigger.MANUAL))
            for entity in RECORDS
        ]


def state(installed: Installed) -> ConnectionState:
    with installed.database.read() as session:
        return connections.get(session, SLUG).state


def test_a_confirmed_disconnect_removes_the_connection_at_xero_and_logs_the_person(
    fyi_xpm: Shell, connected: Installed, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "y\n")
    said = fyi_xpm("disconnect", SLUG, "--person", MERE)
    assert said.code == 0
    assert "Disconnect Harbour & Vale from Harbour & Vale? [y/N]" in said.out
    assert "Harbour & Vale was disconnected from Harbour & Vale. FYI no longer has access at Xero." in said.out
    assert (state(connected), sandbox.world.connections.where()) == (ConnectionState.DISCONNECTED, [])
    with connected.database.read() as session:
        (entry, *_) = activity.recent(session, SLUG)
    assert (entry.kind, entry.person) == ("disconnect.done", MERE)
    assert "FYI was disconnected from Harbour & Vale" in fyi_xpm("status", SLUG).out


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_without_a_yes_the_practice_stays_connected(
    fyi_xpm: Shell, connected: Installed, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    types(monkeypatch, answer)
    said = fyi_xpm("disconnect", SLUG)
    assert said.out.endswith("Harbour & Vale stays connected.\n")
    assert (said.code, state(connected)) == (0, ConnectionState.CONNECTED)
    assert len(sandbox.world.connections.where()) == 1


def test_reconnecting_to_the_same_account_keeps_the_records(
    fyi_xpm: Shell, connected: Installed, sandbox: SandboxServer
) -> None:
    first = sync(connected)
    assert all(result.added for result in first)
    assert fyi_xpm("disconnect", SLUG, "--yes").code == 0

    with connected.integration() as integration:
        reconnect(integration, "run-2")
    again = sync(connected)

    assert [(result.added, result.changed, result.archived) for result in again] == [(0, 0, 0)] * len(RECORDS)
    assert [result.unchanged for result in again] == [result.added for result in first]
    assert [result.stored for result in again] == [result.stored for result in first]


def test_a_connection_that_xero_already_removed_is_disconnected_here_and_reported(
    fyi_xpm: Shell, connected: Installed, sandbox: SandboxServer
) -> None:
    sandbox.world.connections.remove(lambda _: True)
    said = fyi_xpm("disconnect", SLUG, "--yes")
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert "where FYI no longer had access" in said.out
    assert state(connected) is ConnectionState.DISCONNECTED


def test_if_xero_is_down_one_line_says_so_and_nothing_changes(
    fyi_xpm: Shell, connected: Installed, sandbox: SandboxServer
) -> None:
    sandbox.world.faults.inject(fault_from({"area": "connections", "kind": "maintenance", "times": 0}))
    said = fyi_xpm("disconnect", SLUG, "--yes")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "Nothing was changed" in said.err
    assert state(connected) is ConnectionState.CONNECTED
    assert len(sandbox.world.connections.where()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((SLUG, "--yes", "--person", "nobody@harbourvale.example"), "has no FYI account"),
        (("harbor-vale", "--yes"), "There is no practice called"),
    ],
)
def test_an_unknown_practice_or_person_is_refused_before_anything_happens(
    fyi_xpm: Shell, connected: Installed, arguments: tuple[str, ...], says: str
) -> None:
    said = fyi_xpm("disconnect", *arguments)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert says in said.err
    assert state(connected) is ConnectionState.CONNECTED


def test_a_practice_that_is_not_connected_cannot_be_disconnected(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    said = fyi_xpm("disconnect", SLUG, "--yes")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "nothing to disconnect" in said.err


def test_if_nobody_can_answer_the_practice_stays_connected(
    fyi_xpm: Shell, connected: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "")
    said = fyi_xpm("disconnect", SLUG)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "--yes" in said.err
    assert state(connected) is ConnectionState.CONNECTED
