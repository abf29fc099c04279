"""A shell in an empty folder, an installation, and a Prefect server with a fast scheduler."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

from cli.deploying import deploy_runbooks
from tests.cli.shell import Installed, Shell, installed_at
from tests.prefect_server import PASSWORD, prefect_server
from xpm.store.engine.database import Database

VARIABLES = (
    "XPM_DATABASE_URL",
    "XPM_ENCRYPTION_KEYS",
    "XPM_CONSOLE_URL",
    "XPM_NOTIFY_URL",
    "XPM_SMTP_URL",
    "XPM_MAIL_FROM",
    "XERO_CLIENT_ID",
    "COLUMNS",
)


@pytest.fixture
def fyi_xpm(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """The command, in an empty folder and an environment without any configuration, not even of Prefect."""
    folder = tmp_path / "somewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield Shell(capsys)


@pytest.fixture
def installed(fyi_xpm: Shell, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """An installation without practices, configured in the environment."""
    installed = installed_at(sqlite_database)
    for name, value in installed.environment().items():
        monkeypatch.setenv(name, value)
    return installed


@pytest.fixture(scope="session")
def prefect_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Prefect server for all tests of this folder."""
    home = tmp_path_factory.mktemp("prefect-of-cli")
    with prefect_server(home, PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS="2") as url:
        yield url


@pytest.fixture(scope="session")
def deployed_once(prefect_server_url: str) -> None:
    """Deploy the runbooks of this version to that server."""
    named = {PREFECT_API_URL: prefect_server_url, PREFECT_API_AUTH_STRING: PASSWORD}
    with temporary_settings(named), get_client(sync_client=True) as client:
        deploy_runbooks(client)


@pytest.fixture
def prefect(fyi_xpm: Shell, prefect_server_url: str, tmp_path: Path) -> Iterator[SyncPrefectClient]:
    """The Prefect server, configured in the environment."""
    named = {
        PREFECT_API_URL: prefect_server_url,
        PREFECT_API_AUTH_STRING: PASSWORD,
        PREFECT_HOME: tmp_path / "prefect",
    }
    with temporary_settings(named), get_client(sync_client=True) as client:
        yield client
