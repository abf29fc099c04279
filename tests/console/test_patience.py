"""Slow and large senders are refused cheaply, by a console that serves real sockets."""

import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest

from console import guard
from console.app import create_app
from console.protocol import LARGEST_HEADERS, ImpatientProtocol
from tests.console.in_process import InProcess
from tests.console.office import CONSOLE, HARBOUR, Office
from tests.console.serving import serving

ENOUGH = 30.0  # seconds after which a test gives up


class VeryImpatient(ImpatientProtocol):
    headers_within = 0.3


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=ENOUGH)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET"]
)
def test_a_connection_that_does_not_say_what_it_wants_is_closed(office: Office, sent: bytes) -> None:
    with serving(office, VeryImpatient) as port, connected(port) as slow:
        slow.sendall(sent)
        while slow.recv(4096):
            pass  # ends when the console closes the connection; a time-out fails the test


def test_a_connection_that_is_used_again_and_again_stays(office: Office) -> None:
    with serving(office, VeryImpatient) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as browser:
        for _ in range(4):
            assert browser.get("/health").text == "ok"
            time.sleep(0.2)


def test_headers_that_are_too_large_are_refused(office: Office) -> None:
    with serving(office, VeryImpatient) as port, connected(port) as talkative:
        talkative.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * (LARGEST_HEADERS + 1))
        assert talkative.recv(4096).startswith(b"HTTP/1.1 400")


def test_a_form_that_does_not_arrive_is_not_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FORM_WITHIN", 0.3)
    form = f"POST /practices/{HARBOUR}/sync HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {CONSOLE}\r\nContent-Length: 30\r\n"
    with serving(office, VeryImpatient) as port, connected(port) as slow:
        slow.sendall(f"{form}Content-Type: application/x-www-form-urlencoded\r\n\r\nentities".encode())
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")
    assert office.runs.started == []


@pytest.mark.parametrize("length", ["", "Content-Length: 5\r\n"])
def test_a_form_without_a_length_that_counts_is_refused_before_it_is_read(office: Office, length: str) -> None:
    with serving(office, VeryImpatient) as port, connected(port) as endless:
        form = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {CONSOLE}\r\n{length}"
        endless.sendall(f"{form}Transfer-Encoding: chunked\r\n\r\n".encode())
        assert endless.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_that_goes_on_after_the_answer_does_not_hold_the_connection(office: Office) -> None:
    with serving(office, VeryImpatient) as port, connected(port) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n")
        assert slow.recv(4096).startswith(b"HTTP/1.1 200")
        slow.sendall(b"x")
        with suppress(ConnectionResetError):
            while slow.recv(4096):
                pass  # ends when the console closes the connection; a time-out fails the test


def test_an_export_may_take_longer_than_a_form(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FORM_WITHIN", 0.0)
    office.happened("reconnect.requested", person="Mere")
    answer = office.get(f"/practices/{HARBOUR}/activity?format=csv")
    assert "Mere asked to reconnect XPM" in answer.text


def test_health_and_login_answer_while_every_page_waits_for_prefect(office: Office) -> None:
    hold, waiting = threading.Event(), threading.Semaphore(0)
    really = office.runs.read

    def held(run_id: object) -> object:
        waiting.release()
        assert hold.wait(ENOUGH)
        return really(run_id)  # type: ignore[arg-type]

    office.runs.read = held  # type: ignore[assignment, method-assign]
    run_id = office.runs.add(HARBOUR)
    with (
        serving(office, VeryImpatient) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ENOUGH) as browser,
    ):
        browser.cookies.set("xpm-session", office.browser.cookies["xpm-session"], domain="127.0.0.1")
        pages = [threading.Thread(target=browser.get, args=(f"/runs/{run_id}",)) for _ in range(60)]
        for page in pages:
            page.start()
        for _ in range(20):
            assert waiting.acquire(timeout=ENOUGH)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ENOUGH) as other:
                assert other.get("/health").text == "ok"
                assert "Log in" in other.get("/login").text
            assert browser.get(f"/practices/{HARBOUR}").status_code == 200
        finally:
            hold.set()
            for page in pages:
                page.join()


def test_a_search_that_is_too_long_is_refused(office: Office) -> None:
    assert office.get(f"/practices/{HARBOUR}/activity", search="x" * 200).status_code == 200
    assert office.get(f"/practices/{HARBOUR}/activity", search="x" * 201).status_code == 400


def test_over_https_browsers_are_told_to_come_back_over_https(office: Office) -> None:
    assert "strict-transport-security" not in office.get("/health").headers
    settings = office.integration.settings.model_copy(update={"xpm_console_url": "https://fyi.example"})
    object.__setattr__(office.integration, "settings", settings)
    with httpx.Client(transport=InProcess(create_app(office.integration, office.runs))) as browser:
        answer = browser.get("https://fyi.example/health")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
