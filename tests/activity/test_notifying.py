"""The webhook gets the notice as JSON; whatever goes wrong, its address is neither in the error nor in a log."""

import json
import logging

import pytest
from pydantic import SecretStr

from tests.webhook import PATH, chat_service
from xpm.activity.notifying import NotifyingFailed, notify

BODY = {"event": "xpm.connection.began", "practice": "harbour-vale", "text": 'harbour-vale: XPM needs "to" reconnect.'}


@pytest.fixture(autouse=True)
def _logs_are_verbose(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_the_notice_is_json_whose_text_chat_services_show(caplog: pytest.LogCaptureFixture) -> None:
    with chat_service() as chat:
        notify(chat.url, BODY)
        kind, body = chat.heard.get(timeout=5)

    assert kind == "application/json"
    assert json.loads(body) == BODY
    assert PATH not in caplog.text


@pytest.mark.parametrize(
    ("status", "may_pass"),
    [(302, False), (400, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_a_webhook_that_does_not_take_it_is_reported_by_its_status(
    status: int, may_pass: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with chat_service(status) as chat, pytest.raises(NotifyingFailed) as failed:
        notify(chat.url, BODY)

    assert (failed.value.reason, failed.value.may_pass) == (f"status {status}", may_pass)
    assert PATH not in caplog.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_webhook_that_does_not_answer_may_do_so_later(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotifyingFailed) as failed:
        notify(SecretStr(f"{address}{PATH}"), BODY)

    assert (failed.value.reason, failed.value.may_pass) == ("ConnectError", True)
    assert failed.value.__suppress_context__
    assert PATH not in caplog.text


def test_a_proxy_of_the_environment_is_used_only_if_it_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with chat_service() as chat:
        notify(chat.url, BODY)
        assert chat.heard.qsize() == 1
        with pytest.raises(NotifyingFailed, match="ConnectError"):
            notify(chat.url, BODY, trust_proxy=True)
