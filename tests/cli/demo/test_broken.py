"""The demo makes a connection and breaks it, and its report finds what FYI lacks."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.demo.broken import connect, connect_and_break
from cli.demo.report import compare, compared_table
from cli.demo.stage import PRACTICE, Stage, people_the_practice
from cli.terminal import terminal
from sandbox.server import SandboxServer
from sandbox.world import REDIRECT_URI, small_world
from sandbox.xpm.limits import RateLimits
from xpm.entities.names import EVERYTHING
from xpm.installation import Installation
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store import activity
from xpm.store.consent import connections
from xpm.store.vocabulary import ConnectionState, SyncMode, SyncTrigger

pytestmark = pytest.mark.deep


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage with its sandbox, without Prefect and the console."""
    monkeypatch.chdir(tmp_path)
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as sandbox:
        console = REDIRECT_URI.removesuffix("/oauth/callback")
        stage = Stage(tmp_path, prefect="http://127.0.0.1:9", console=console, sandbox=sandbox.url)
        for name, value in stage.environment().items():
            monkeypatch.setenv(name, value)
        yield stage


@pytest.fixture
def integration(stage: Stage) -> Iterator[Integration]:
    with Installation.opened_to_migrate() as new:
        new.database.migrate()
    with Integration.opened() as integration:
        people_the_practice(integration)
        yield integration


def state_of(integration: Integration) -> ConnectionState:
    with integration.database.read() as session:
        return connections.get(session, PRACTICE).state


def sync_everything(integration: Integration) -> None:
    for entity in EVERYTHING:
        request = PullRequest(practice=PRACTICE, entity=entity, mode=SyncMode.FULL, trigger=SyncTrigger.MANUAL)
        run_pull(integration, request)


def test_the_administrator_connects_the_practice_over_the_web(integration: Integration, stage: Stage) -> None:
    connect(integration, stage)

    assert state_of(integration) is ConnectionState.CONNECTED


def test_a_connection_whose_access_was_withdrawn_needs_to_reconnect(integration: Integration, stage: Stage) -> None:
    connect_and_break(integration, stage)

    assert state_of(integration) is ConnectionState.NEEDS_RECONNECT
    with integration.database.read() as session:
        (newest, *_) = activity.recent(session, PRACTICE)
    assert newest.title == "XPM needs to reconnect"


def test_after_a_sync_the_report_finds_no_difference(integration: Integration, stage: Stage) -> None:
    connect(integration, stage)
    sync_everything(integration)

    compared = compare(integration, stage.sandbox)

    assert all(one.source == one.stored and not one.differences for one in compared)
    assert {one.kind: one.source for one in compared}["Jobs"] == 12


def test_the_report_finds_an_edit_made_behind_fyis_back(integration: Integration, stage: Stage) -> None:
    connect(integration, stage)
    sync_everything(integration)
    with integration.database.read() as session:
        tenant = connections.get(session, PRACTICE).tenant_id
    jobs = f"{stage.sandbox}/sandbox/tenants/{tenant}/records/jobs"
    edited = httpx.get(jobs).json()[0]
    httpx.patch(f"{jobs}/{edited['ID']}", json={"Name": "Another name"}).raise_for_status()

    compared = {one.kind: one for one in compare(integration, stage.sandbox)}

    (found,) = [difference for one in compared.values() for difference in one.differences]
    assert (found.key, found.field, found.source) == (edited["UUID"], "name", "Another name")
    assert list(compared["Jobs"].differences) == [found]


def test_the_report_shows_a_record_that_fyi_lacks(
    integration: Integration, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(integration, stage)

    terminal().print(compared_table(compare(integration, stage.sandbox)))

    (jobs,) = [line for line in capsys.readouterr().out.splitlines() if "Jobs" in line]
    assert [cell.strip() for cell in jobs.strip("│").split("│")] == ["Jobs", "12", "0", "12"]


def test_the_demos_key_is_made_once_and_for_its_owner_only(stage: Stage) -> None:
    key = stage.environment()["XPM_ENCRYPTION_KEYS"]

    assert stage.environment()["XPM_ENCRYPTION_KEYS"] == key
    assert os.stat(stage.folder / "encryption.key").st_mode & 0o777 == 0o600
