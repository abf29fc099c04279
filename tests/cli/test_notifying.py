"""`fyi-xpm deploy` and XPM_NOTIFY_URL on a real Prefect server: one automation, and what it sends."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import emit_event
from prefect.events.actions import CallWebhook
from pydantic import SecretStr

from cli.notifying import BLOCK, NAME, notify_about_connections
from tests.cli.shell import Installed, Shell

pytestmark = [pytest.mark.xdist_group("prefect-of-cli"), pytest.mark.timeout(300)]

PATIENCE = 60.0  # seconds for the server to act on an event
SECRET = "https://hooks.chat.example/not-to-be-shown"


class Chat(ThreadingHTTPServer):
    """A chat service that takes messages."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.heard: queue.Queue[tuple[str | None, bytes]] = queue.Queue()

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self.server_port}/hook")


class _Door(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.put((self.headers["Content-Type"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is Python's
        """Keep quiet."""


@contextmanager
def chat_service() -> Iterator[Chat]:
    with Chat() as chat:
        thread = threading.Thread(target=chat.serve_forever)
        thread.start()
        yield chat
        chat.shutdown()
        thread.join()


def test_the_automation_is_created_once_then_updated_then_deleted(prefect: SyncPrefectClient) -> None:
    assert notify_about_connections(prefect, SecretStr(SECRET))
    (made,) = prefect.read_automations_by_name(NAME)
    assert notify_about_connections(prefect, SecretStr(SECRET))
    (again,) = prefect.read_automations_by_name(NAME)
    assert (again.id, again.trigger, again.actions) == (made.id, made.trigger, made.actions)
    (action,) = again.actions
    block = prefect.read_block_document_by_name(BLOCK, "webhook", include_secrets=False)
    assert isinstance(action, CallWebhook)
    assert action.block_document_id == block.id
    assert SECRET not in str(block.data) + again.model_dump_json()

    assert not notify_about_connections(prefect, None)
    assert prefect.read_automations_by_name(NAME) == []


def test_an_event_of_a_connection_arrives_as_a_message(prefect: SyncPrefectClient) -> None:
    with chat_service() as chat:
        notify_about_connections(prefect, chat.url)
        emit_event(
            event="xpm.connection.broken",
            resource={"prefect.resource.id": "xpm.connection.harbour-vale"},
            payload={"practice": "harbour-vale", "title": 'XPM needs "to" reconnect', "next": "Click."},
        )
        kind, body = chat.heard.get(timeout=PATIENCE)
        notify_about_connections(prefect, None)
    assert kind == "application/json"
    assert json.loads(body) == {
        "event": "xpm.connection.broken",
        "practice": "harbour-vale",
        "text": 'harbour-vale: XPM needs "to" reconnect. Click.',
    }


def test_deploy_says_whether_notifications_are_on(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "XPM_NOTIFY_URL is not set" in fyi_xpm("deploy").out
    monkeypatch.setenv("XPM_NOTIFY_URL", SECRET)
    said = fyi_xpm("deploy")
    assert "is sent to XPM_NOTIFY_URL" in said.out
    assert SECRET not in said.out + said.err
    notify_about_connections(prefect, None)
