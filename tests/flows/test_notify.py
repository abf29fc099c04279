"""The runbook that sends news, on a real Prefect server: it reads addresses itself, and never shows them."""

import json
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State

from flows.notify import notify
from flows.sync import sync
from sandbox.faults import fault_from
from sandbox.world import MERE
from tasks.notifying import send_news
from tests.flows.office import MADE_BY, SLUG, Office
from tests.mail_server import PASSWORD, mail_server
from tests.webhook import PATH, chat_service
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.nights import begin_night
from xpm.store import people
from xpm.store.vocabulary import SyncTrigger
from xpm.words import Message, message

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect_url")]


def known_to_prefect(state: State[Any]) -> str:
    """Everything that Prefect keeps of a run and its steps."""
    run_id = state.state_details.flow_run_id
    assert run_id
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
        steps = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
    return run.model_dump_json() + "".join(step.model_dump_json() for step in steps)


@pytest.fixture
def failed_night(connected: Office) -> Office:
    """A practice whose night failed; the webhook at XPM_NOTIFY_URL is to be told."""
    with Integration.opened() as integration, integration.database.write() as session:
        begin_night(session, integration, SLUG, message("runbook.crashed"), MADE_BY)
    return connected


def test_news_goes_to_the_address_of_this_program(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with chat_service() as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        request.getfixturevalue("failed_night")
        state = notify(SLUG, return_state=True)
        _, body = chat.heard.get(timeout=5)

    assert state.is_completed()
    assert json.loads(body)["link"] == f"http://127.0.0.1:4280/runs/{MADE_BY}"
    assert PATH not in known_to_prefect(state)


def test_news_that_is_refused_is_a_failure_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with chat_service(404) as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        request.getfixturevalue("failed_night")
        states = [notify(SLUG, return_state=True) for _ in range(2)]

    assert [(state.name, state.is_failed()) for state in states] == [("Failure", True), ("Completed", False)]
    assert "harbour-vale: status 404." in (states[0].message or "")
    assert chat.heard.qsize() == 1
    printed = capfd.readouterr()
    assert PATH not in known_to_prefect(states[0]) + caplog.text + printed.out + printed.err


def test_news_is_repeated_when_the_webhook_is_in_trouble(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    @flow
    def at_once() -> Message:
        return send_news.with_options(retry_delay_seconds=0)(SLUG)

    with chat_service(503, 204) as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        request.getfixturevalue("failed_night")
        assert at_once(return_state=True).is_completed()

    assert chat.heard.qsize() == 2


def test_a_night_that_fails_is_told_by_email_and_the_next_good_one_ends_it(
    connected: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected.database.write() as session:
        person = people.by_email(session, SLUG, MERE)
        assert person
        people.update(session, person.id, gets_news=True)
    with mail_server() as (post, address):
        monkeypatch.setenv("XPM_SMTP_URL", address.get_secret_value())
        monkeypatch.setenv("XPM_MAIL_FROM", "fyi@installation.example")
        broken = fault_from({"area": "xpm", "kind": "bad_record", "path": "staff.api/list"})
        connected.sandbox.world.faults.inject(broken)
        for _ in range(2):
            sync(SLUG, [Entity.STAFF], trigger=SyncTrigger.OVERNIGHT, return_state=True)
            state = notify(SLUG, return_state=True)
            assert state.is_completed()
        began, over = post.emails()
    assert "Staff synchronised, except for 1 that could not be read" in began["Subject"]
    assert "This is over" in over["Subject"]
    assert PASSWORD not in known_to_prefect(state)
