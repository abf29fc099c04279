"""`fyi-xpm deploy` and news on a real Prefect server: one automation, which starts a run that sends what waits."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

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
from cli.notifying import NAME, OLD_BLOCK, OLD_NAME, RUNBOOK, WAITING, send_news_when_it_waits
from tasks import announcing
from tests.cli.shell import MERE, SLUG, Installed, Shell
from tests.mail_server import PASSWORD as MAIL_PASSWORD
from tests.mail_server import mail_server
from tests.prefect_server import PASSWORD, ROOT
from tests.webhook import chat_service
from xpm.pull.nights import begin_night
from xpm.store import people
from xpm.words import message

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
    block = Webhook(url=SecretStr(SECRET)).save(OLD_BLOCK, overwrite=True)
    calls_it = [CallWebhook(block_document_id=block, payload="{}")]
    client.create_automation(AutomationCore(name=OLD_NAME, trigger=WAITING, actions=calls_it))


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


def test_the_automation_is_created_once_then_updated(prefect: SyncPrefectClient) -> None:
    send_news_when_it_waits(prefect)
    (made,) = prefect.read_automations_by_name(NAME)
    send_news_when_it_waits(prefect)
    (again,) = prefect.read_automations_by_name(NAME)

    assert (again.id, again.trigger, again.actions) == (made.id, WAITING, made.actions)
    (action,) = again.actions
    assert isinstance(action, RunDeployment)
    assert action.deployment_id == prefect.read_deployment_by_name(RUNBOOK).id


def test_the_block_and_the_automation_of_an_older_version_are_removed(prefect: SyncPrefectClient) -> None:
    notified_by_an_older_version(prefect)
    assert SECRET in everything_prefect_keeps(prefect)

    send_news_when_it_waits(prefect)

    assert SECRET not in everything_prefect_keeps(prefect)
    with pytest.raises(ObjectNotFound):
        prefect.read_block_document_by_name(OLD_BLOCK, "webhook")
    assert prefect.read_automations_by_name(OLD_NAME) == []


def test_news_arrives_by_webhook_and_email_though_prefect_has_neither_address_nor_password(
    installed: Installed, prefect: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_service() as chat, mail_server() as (post, mail_address):
        address = chat.url.get_secret_value()
        of_worker = {
            "XPM_NOTIFY_URL": address,
            "XPM_SMTP_URL": mail_address.get_secret_value(),
            "XPM_MAIL_FROM": "fyi@installation.example",
        }
        monkeypatch.setenv("XPM_NOTIFY_URL", address)
        a_night_failed(installed)
        with worker(prefect, installed, tmp_path / "worker", of_worker):
            send_news_when_it_waits(prefect)
            emit_event(
                event=announcing.WAITING,
                resource={"prefect.resource.id": f"xpm.news.{SLUG}"},
                payload={"practice": SLUG, "count": 2},
            )
            _, body = chat.heard.get(timeout=PATIENCE)
            mail = post.taken.get(timeout=PATIENCE)
        kept = everything_prefect_keeps(prefect)

    assert json.loads(body)["event"] == "xpm.night.began"
    assert mail["To"] == MERE
    assert (address in kept, MAIL_PASSWORD in kept) == (False, False)


def a_night_failed(installed: Installed) -> None:
    """A practice whose administrator is told of troubles, and whose night failed."""
    installed.add_practice()
    with installed.integration() as integration, integration.database.write() as session:
        person = people.by_email(session, SLUG, MERE)
        assert person
        people.update(session, person.id, gets_news=True)
        begin_night(session, integration, SLUG, message("runbook.crashed"), str(uuid4()))


def test_deploy_says_whether_anybody_is_told_and_prefect_does_not_get_the_address(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "XPM_NOTIFY_URL is not set" in fyi_xpm("deploy").out
    monkeypatch.setenv("XPM_NOTIFY_URL", SECRET)
    said = fyi_xpm("deploy")

    assert "told to XPM_NOTIFY_URL" in said.out
    assert SECRET not in said.out + said.err + everything_prefect_keeps(prefect)
