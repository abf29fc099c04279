"""`fyi-xpm doctor` reports each problem with its cure, and no problem that does not exist."""

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient

from cli.deploying import POOL
from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.cli.shell import Shell


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """A Xero that answers."""
    with SandboxServer(small_world()) as sandbox:
        monkeypatch.setenv("XERO_JWKS_URL", f"{sandbox.url}/.well-known/openid-configuration/jwks")
        yield sandbox


@pytest.fixture
def nothing_answers(fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses where neither Xero nor the console listens; set after `fyi_xpm` has emptied the environment."""
    monkeypatch.setenv("XERO_JWKS_URL", "http://127.0.0.1:9/jwks")
    monkeypatch.setenv("XPM_CONSOLE_URL", "http://127.0.0.1:9")


@pytest.mark.usefixtures("nothing_answers")
def test_every_problem_of_a_new_machine_is_reported_at_once(fyi_xpm: Shell) -> None:
    said = fyi_xpm("doctor")

    assert said.code == 1
    findings = said.out.splitlines()
    assert [finding.split(":")[0] for finding in findings] == [
        "✗ Encryption key",
        "✗ Database",
        "✗ Xero app",
        "✗ Xero app",
        "✓ Clocks",
        "✗ Prefect",
        "✗ Console",
        "✓ News",
    ]
    for finding, cure in zip(
        findings,
        (
            "XPM_ENCRYPTION_KEYS",
            "fyi-xpm migrate",
            "XERO_CLIENT_ID",
            "127.0.0.1:9/jwks",
            "No other clock",
            "PREFECT_API_URL",
            "console",
            "News",
        ),
        strict=True,
    ):
        assert cure in finding


@pytest.mark.usefixtures("nothing_answers")
@pytest.mark.parametrize(("address", "is_retired"), [("3.0/", True), ("3.0", True), ("3.1/", False)])
def test_an_address_of_a_version_that_xero_retires_is_reported(
    fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch, address: str, is_retired: bool
) -> None:
    monkeypatch.setenv("XERO_XPM_URL", f"https://api.xero.com/practicemanager/{address}")

    assert ("Xero retires by 30 April 2027" in fyi_xpm("doctor").out) == is_retired


@pytest.mark.parametrize(("minutes", "found"), [(4, 0), (7, 1)])
def test_a_clock_that_differs_from_xeros_by_more_than_five_minutes_is_reported(
    fyi_xpm: Shell, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, minutes: int, found: int
) -> None:
    monkeypatch.setenv("XERO_CLIENT_ID", "FYI-XPM-SANDBOX")
    sandbox.world.clock.advance(minutes * 60)

    of_xero = [line for line in fyi_xpm("doctor").out.splitlines() if "Xero app" in line]

    said = "✗ Xero app: This machine's clock differs from Xero's by 7 minutes"
    assert (of_xero[0].startswith(said), of_xero[0].startswith("✓ Xero app")) == (found == 1, found == 0)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("push", "scopes", "said"),
    [
        ("false", "", "✓ changes nothing there, since XPM_PUSH is false."),
        ("true", "", "✓ are sent to Xero Practice Manager, since XPM_PUSH is true."),
        ("false", "openid offline_access practicemanager", "✓ has more than that needs: practicemanager."),
        ("false", "openid offline_access practicemanager.job.read", "✓ lacks practicemanager.client.read"),
        ("true", "openid offline_access practicemanager.read", "✗ what sending edits needs: practicemanager.client"),
        ("false", "openid practicemanager.read", "✗ what every connection needs: offline_access."),
        ("false", "openid offline_access practicemanager.time", "✗ what every connection needs: practicemanager.cl"),
    ],
)
def test_the_scopes_that_the_app_asks_for_are_judged_by_what_they_are_for(
    fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch, push: str, scopes: str, said: str
) -> None:
    for name, value in {"XERO_CLIENT_ID": "FYI-XPM-SANDBOX", "XPM_PUSH": push, "XERO_SCOPES": scopes}.items():
        monkeypatch.setenv(name, value)

    (of_xero,) = (line for line in fyi_xpm("doctor").out.splitlines() if "Xero app" in line)

    mark, _, finding = said.partition(" ")
    assert (of_xero[0], finding in of_xero) == (mark, True)


@pytest.mark.xdist_group("prefect-of-cli")
@pytest.mark.usefixtures("installed", "deployed_once", "sandbox")
def test_a_passed_check_is_ticked_and_a_missing_worker_is_reported(
    fyi_xpm: Shell,
    prefect: SyncPrefectClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XERO_CLIENT_ID", "FYI-XPM-SANDBOX")
    monkeypatch.setenv("XPM_CONSOLE_URL", "http://127.0.0.1:9")

    first = fyi_xpm("doctor").out.splitlines()
    prefect.request(
        "POST",
        "/work_pools/{work_pool_name}/workers/heartbeat",
        path_params={"work_pool_name": POOL},
        json={"name": "a worker"},
    )
    second = fyi_xpm("doctor").out.splitlines()

    assert first[:2] == ["✓ Encryption key", "✓ Database"]
    assert first[2].startswith("✓ Xero app: FYI reads")
    assert first[4].startswith("✗ Prefect: No worker")
    assert first[3].startswith("✓ Clocks: This machine: 20")
    assert "Xero: " in first[3]
    assert second[4] == "✓ Prefect"
    assert second[5].startswith("✗ Console")
