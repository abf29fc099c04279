"""The runbook that notifies, on a real Prefect server: it reads the address itself, and never shows it."""

import json
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State

from flows.notify import notify
from tasks.notifying import send_notice
from tests.webhook import PATH, chat_service
from xpm.words import Message

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect_url")]

NOTICE = ("xpm.connection.broken", "harbour-vale", "harbour-vale: XPM needs to reconnect. Click.")


def known_to_prefect(state: State[Any]) -> str:
    """Everything that Prefect keeps of a run and its steps."""
    run_id = state.state_details.flow_run_id
    assert run_id
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
        steps = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
    return run.model_dump_json() + "".join(step.model_dump_json() for step in steps)


def test_the_notice_goes_to_the_address_of_this_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_service() as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        state = notify(*NOTICE, return_state=True)
        _, body = chat.heard.get(timeout=5)

    assert state.is_completed()
    assert tuple(json.loads(body).values()) == NOTICE
    assert PATH not in known_to_prefect(state)


def test_a_notice_that_is_refused_is_a_failure_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with chat_service(404) as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        state = notify(*NOTICE, return_state=True)

    assert (state.name, state.is_failed()) == ("Failure", True)
    assert "harbour-vale: status 404." in (state.message or "")
    assert chat.heard.qsize() == 1
    printed = capfd.readouterr()
    assert PATH not in known_to_prefect(state) + caplog.text + printed.out + printed.err


def test_a_notice_is_repeated_when_the_webhook_is_in_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    @flow
    def at_once() -> Message:
        return send_notice.with_options(retry_delay_seconds=0)(*NOTICE)

    with chat_service(503, 204) as chat:
        monkeypatch.setenv("XPM_NOTIFY_URL", chat.url.get_secret_value())
        assert at_once(return_state=True).is_completed()

    assert chat.heard.qsize() == 2


def test_a_worker_without_the_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XPM_NOTIFY_URL", raising=False)

    state = notify(*NOTICE, return_state=True)

    assert (state.name, state.is_failed()) == ("Failure", True)
    assert "XPM_NOTIFY_URL is not set where the worker runs" in (state.message or "")
