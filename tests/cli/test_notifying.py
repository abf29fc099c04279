"""`fyi-xpm deploy` and XPM_NOTIFY_URL on a real Prefect server: one automation, which starts a run that notifies."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import emit_event
from prefect.events.actions import CallWebhook, RunDeployment
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from pydantic import SecretStr

from cli.deploying import POOL
from cli.notifying import ANNOUNCED, NAME, OLD_BLOCK, RUNBOOK, notify_about_connections
from tests.cli.shell import Installed, Shell
from tests.prefect_server import PASSWORD, ROOT
from tests.webhook import chat_service

pytestmark = [
    pytest.mark.xdist_group("prefect-of-cli"),
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("deployed_once"),
]

PATIENCE = 120.0  # seconds for the server to act on an event, and for a worker to start a run
WORKER = "of-one-test"
SECRET = "https://hooks.chat.example/not-to-be-shown"


def everything_prefect_keeps(client: SyncPrefectClient) -> str:
    """All automations and blocks, with their secrets in clear."""
    blocks = client.request("POST", "/block_documents/filter", json={"include_secrets": True}).text
    return blocks + client.request("POST", "/automations/filter", json={}).text


def notified_by_an_older_version(client: SyncPrefectClient) -> None:
    """Leave behind what earlier versions made: a block with the address, and an automation that calls it."""
    notify_about_connections(client, wanted=True)
    block = Webhook(url=SecretStr(SECRET)).save(OLD_BLOCK, overwrite=True)
    (one,) = client.read_automations_by_name(NAME)
    calls_it = [CallWebhook(block_document_id=block, payload="{}")]
    client.update_automation(one.id, AutomationCore(name=NAME, trigger=ANNOUNCED, actions=calls_it))


@contextmanager
def worker(client: SyncPrefectClient, installed: Installed, home: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Run a worker; at the end of the block, kill it with everything it started."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))},
        **installed.environment(),
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        **settings,
    }
    command = [sys.executable, "-m", "cli.main", "worker", "--name", WORKER]
    process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        family = [*process.children(recursive=True), process]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family)
        itself = {"work_pool_name": POOL, "name": WORKER}  # other tests count the workers of this server
        client.request("DELETE", "/work_pools/{work_pool_name}/workers/{name}", path_params=itself)


def test_the_automation_is_created_once_then_updated_then_deleted(prefect: SyncPrefectClient) -> None:
    notify_about_connections(prefect, wanted=True)
    (made,) = prefect.read_automations_by_name(NAME)
    notify_about_connections(prefect, wanted=True)
    (again,) = prefect.read_automations_by_name(NAME)

    assert (again.id, again.trigger, again.actions) == (made.id, ANNOUNCED, made.actions)
    (action,) = again.actions
    assert isinstance(action, RunDeployment)
    assert action.deployment_id == prefect.read_deployment_by_name(RUNBOOK).id

    notify_about_connections(prefect, wanted=False)
    assert prefect.read_automations_by_name(NAME) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_the_block_and_the_action_of_an_older_version_are_removed(prefect: SyncPrefectClient, wanted: bool) -> None:
    notified_by_an_older_version(prefect)
    assert SECRET in everything_prefect_keeps(prefect)

    notify_about_connections(prefect, wanted=wanted)

    assert SECRET not in everything_prefect_keeps(prefect)
    with pytest.raises(ObjectNotFound):
        prefect.read_block_document_by_name(OLD_BLOCK, "webhook")
    actions = [action for one in prefect.read_automations_by_name(NAME) for action in one.actions]
    assert [type(action) for action in actions] == [RunDeployment] * wanted
    notify_about_connections(prefect, wanted=False)


def test_an_event_of_a_connection_arrives_as_a_message_though_prefect_has_no_address(
    installed: Installed, prefect: SyncPrefectClient, tmp_path: Path
) -> None:
    with chat_service() as chat:
        address = chat.url.get_secret_value()
        with worker(prefect, installed, tmp_path / "worker", {"XPM_NOTIFY_URL": address}):
            notify_about_connections(prefect, wanted=True)
            emit_event(
                event="xpm.connection.broken",
                resource={"prefect.resource.id": "xpm.connection.harbour-vale"},
                payload={"practice": "harbour-vale", "title": 'XPM needs "to" reconnect', "next": "Click."},
            )
            kind, body = chat.heard.get(timeout=PATIENCE)
        assert address not in everything_prefect_keeps(prefect)
        notify_about_connections(prefect, wanted=False)

    assert kind == "application/json"
    assert json.loads(body) == {
        "event": "xpm.connection.broken",
        "practice": "harbour-vale",
        "text": 'harbour-vale: XPM needs "to" reconnect. Click.',
    }


def test_deploy_says_whether_notifications_are_on_and_prefect_does_not_get_the_address(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "XPM_NOTIFY_URL is not set" in fyi_xpm("deploy").out
    monkeypatch.setenv("XPM_NOTIFY_URL", SECRET)
    said = fyi_xpm("deploy")

    assert "is sent to XPM_NOTIFY_URL" in said.out
    assert SECRET not in said.out + said.err + everything_prefect_keeps(prefect)
    notify_about_connections(prefect, wanted=False)
