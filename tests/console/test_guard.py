"""A foreign web page cannot make an administrator's browser do anything here."""

import httpx
import pytest

from console.guard import FIXED_HEADERS, LONGEST_FORM, own_hosts
from console.server import address_of
from tests.console.office import CONSOLE, HARBOUR, MERE, Office
from xpm.access.login import make_link

FORMS = (f"/practices/{HARBOUR}/reconnect", f"/practices/{HARBOUR}/sync", f"/practices/{HARBOUR}/settings")
FILLED = {"entities": "staff", "long_term_user": "yes"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:4280"},
        {"Origin": CONSOLE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": CONSOLE, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": f"{CONSOLE}/"},
    ],
)
def test_a_form_from_elsewhere_is_refused_and_changes_nothing(office: Office, headers: dict[str, str]) -> None:
    office.connect()
    for path in FORMS:
        assert office.browser.post(path, data=FILLED, headers=headers).status_code == 403
    assert office.runs.started == []
    assert office.entries() == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": CONSOLE}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": CONSOLE, "Sec-Fetch-Site": "same-origin"}],
)
def test_a_form_of_the_console_is_accepted(office: Office, headers: dict[str, str]) -> None:
    assert office.browser.post(FORMS[0], data=FILLED, headers=headers).status_code == 303


def test_a_console_opened_under_its_other_loopback_name_accepts_its_own_forms(office: Office) -> None:
    own = "http://localhost:4280"
    office.browser.base_url = httpx.URL(own)
    link = make_link(office.integration, MERE).get_secret_value().replace(CONSOLE, own)
    assert office.browser.post(link, headers={"Origin": own}).status_code == 303
    assert office.browser.post(f"{own}{FORMS[0]}", data=FILLED, headers={"Origin": own}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "10.0.0.7:4280"])
def test_a_foreign_host_name_is_refused_even_if_it_points_here(office: Office, host: str) -> None:
    answer = office.browser.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert all(answer.headers[name] == value for name, value in FIXED_HEADERS.items())


@pytest.mark.parametrize("host", ["127.0.0.1:4280", "localhost", "LOCALHOST:1", "[::1]:4280"])
def test_this_machine_is_accepted_under_every_name_of_its_own(office: Office, host: str) -> None:
    assert office.browser.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", f"/practices/{HARBOUR}", "/nowhere", "/oauth/callback", "/health"])
def test_every_answer_carries_the_security_headers(office: Office, path: str) -> None:
    headers = office.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"  # under "no-referrer" no browser could send the page's own forms
    assert headers["cache-control"] == "no-store"


def test_a_refusal_carries_the_security_headers_too(office: Office) -> None:
    assert "content-security-policy" in office.browser.post(FORMS[0]).headers


def test_pages_load_nothing_from_elsewhere_and_no_script(office: Office) -> None:
    office.connect()
    for path in ("/", f"/practices/{HARBOUR}", f"/practices/{HARBOUR}/activity"):
        shown = office.get(path).text
        assert "<script" not in shown
        assert "style=" not in shown
        assert 'src="http' not in shown
    assert office.get("/static/console.css").status_code == 200


def test_a_form_that_is_too_long_or_has_no_length_is_refused(office: Office) -> None:
    long = {"admin_email": "x" * LONGEST_FORM}
    assert office.post(FORMS[0], long).status_code == 413
    request = office.browser.build_request("POST", FORMS[0], data=FILLED, headers={"Origin": CONSOLE})
    del request.headers["content-length"]
    assert office.browser.send(request).status_code == 413


def test_a_form_requires_post(office: Office) -> None:
    assert office.get(FORMS[0]).status_code == 405


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:4280", ("127.0.0.1", 4280)),
        ("http://localhost", ("localhost", 80)),
        ("http://fyi.lan:8080", ("fyi.lan", 8080)),
        ("https://fyi.harbourvale.example", ("127.0.0.1", 4280)),
        ("https://fyi.harbourvale.example:8443", ("127.0.0.1", 8443)),
    ],
)
def test_the_console_listens_at_its_url_and_behind_tls_on_this_machine_only(url: str, address: tuple[str, int]) -> None:
    assert address_of(url) == address


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://fyi.example:8443", "fyi.example"),
        ("http://[fd00::7]:4280", "[fd00::7]"),
        ("HTTP://FYI.Example", "fyi.example"),
    ],
)
def test_the_console_answers_under_the_host_of_its_own_address(url: str, host: str) -> None:
    assert own_hosts(url)[0] == host
