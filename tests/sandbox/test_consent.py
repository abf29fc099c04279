"""The authorize endpoint and its pages."""

import re
from collections.abc import Iterator

import httpx
import pytest

from sandbox.browser import ConsentStopped, answer_consent
from sandbox.people import App, Seat
from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, LEO, MERE, SAM
from tests.sandbox.xero_app import XeroApp, answer_of, authorize_url


@pytest.fixture
def browser(server: SandboxServer) -> Iterator[httpx.Client]:
    """Give a browser that keeps cookies and follows redirects."""
    with httpx.Client(base_url=server.url, follow_redirects=True, trust_env=False) as client:
        yield client


def login(browser: httpx.Client, server: SandboxServer, email: str) -> httpx.Response:
    page = browser.get(authorize_url(server.url))
    return browser.post(
        "/identity/login", data={"transaction": transaction(page), "email": email, "password": "practice"}
    )


def transaction(page: httpx.Response) -> str:
    found = re.search(r'name="transaction" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://127.0.0.1:4280/oauth/callback/"},
        {"redirect_uri": None},
        {"response_type": "token"},
        {"scope": "practicemanager accounting.transactions"},
        {"scope": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
def test_a_wrong_request_shows_an_error_page_and_never_redirects(
    server: SandboxServer, wrong: dict[str, str | None]
) -> None:
    answer = httpx.get(authorize_url(server.url, **wrong), trust_env=False)
    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]
    assert "location" not in answer.headers


def test_an_app_without_a_secret_must_use_pkce(server: SandboxServer) -> None:
    server.world.apps["desk"] = App("desk", "Desk", None, ["http://127.0.0.1:1/cb"])
    url = authorize_url(server.url, client_id="desk", redirect_uri="http://127.0.0.1:1/cb", code_challenge=None)
    assert httpx.get(url, trust_env=False).status_code == 400


def test_the_callback_has_code_scope_session_and_the_unchanged_state(server: SandboxServer) -> None:
    callback = answer_consent(authorize_url(server.url), MERE, tenants=[HARBOUR_VALE])
    answer = answer_of(callback)
    assert set(answer) == {"code", "scope", "session_state", "state"}
    assert answer["state"] == "state & more"
    assert "practicemanager" in answer["scope"].split()


def test_cancel_returns_access_denied_with_the_tenant_consent_text(server: SandboxServer) -> None:
    callback = answer_consent(authorize_url(server.url), MERE, decision="cancel")
    assert answer_of(callback) == {
        "error": "access_denied",
        "error_description": "TenantConsent status DENIED",
        "state": "state & more",
    }
    assert server.world.connections.where() == []


def test_a_person_without_the_privilege_sees_both_its_names(server: SandboxServer, browser: httpx.Client) -> None:
    page = login(browser, server, LEO)
    assert "You don't have access to connect to any Xero Practice Manager accounts" in page.text
    assert "Connect third-party add-ons" in page.text
    assert "Authorise 3rd Party Full Access" in page.text
    assert 'href="http://127.0.0.1:4280/"' in page.text


def test_a_person_without_the_privilege_cannot_post_a_consent(server: SandboxServer, browser: httpx.Client) -> None:
    page = login(browser, server, LEO)
    form = {"transaction": transaction(page), "decision": "allow", "tenant": HARBOUR_VALE}
    answer = browser.post("/identity/consent", data=form, follow_redirects=False)
    assert not answer.is_redirect
    assert server.world.connections.where() == []


def test_no_account_is_ticked_in_advance_and_at_least_one_is_required(
    server: SandboxServer, browser: httpx.Client
) -> None:
    page = login(browser, server, MERE)
    assert page.text.count('type="checkbox"') == 2
    assert "checked" not in page.text
    answer = browser.post("/identity/consent", data={"transaction": transaction(page), "decision": "allow"})
    assert answer.status_code == 400
    assert "Choose at least one account" in answer.text


def test_a_single_account_is_shown_without_a_checkbox(server: SandboxServer, browser: httpx.Client) -> None:
    server.world.people[MERE].seats[COASTAL_BRANCH] = Seat(privilege=False)
    page = login(browser, server, MERE)
    assert "checkbox" not in page.text
    assert "Harbour &amp; Vale" in page.text
    assert "Coastal" not in page.text


def test_the_consent_page_shows_the_app_and_a_label_for_each_scope(
    server: SandboxServer, browser: httpx.Client
) -> None:
    page = login(browser, server, MERE)
    assert "FYI for Xero Practice Manager" in page.text
    assert "View and change everything in Xero Practice Manager" in page.text
    assert "Keep working while you are not signed in" in page.text
    assert ">Allow Access<" in page.text


def test_a_signed_in_person_goes_straight_to_the_consent_page(server: SandboxServer, browser: httpx.Client) -> None:
    login(browser, server, MERE)
    again = browser.get(authorize_url(server.url))
    assert "Allow Access" in again.text
    other = browser.post("/identity/switch", data={"transaction": transaction(again)})
    assert 'type="password"' in other.text
    assert 'type="password"' in browser.get(authorize_url(server.url)).text


def test_the_session_cookie_is_http_only_and_same_site(server: SandboxServer) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        page = browser.get(authorize_url(server.url))
        form = {"transaction": transaction(page), "email": MERE, "password": "practice"}
        cookie = browser.post("/identity/login", data=form).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_wrong_password_or_a_disabled_login_shows_the_form_again(server: SandboxServer) -> None:
    with pytest.raises(ConsentStopped, match="page of Xero"):
        answer_consent(authorize_url(server.url), MERE, "wrong")
    server.world.people[MERE].disabled = True
    with pytest.raises(ConsentStopped) as refused:
        answer_consent(authorize_url(server.url), MERE)
    assert "incorrect" in refused.value.page


def test_a_consent_can_be_answered_only_once(server: SandboxServer, browser: httpx.Client) -> None:
    page = login(browser, server, MERE)
    form = {"transaction": transaction(page), "decision": "allow", "tenant": HARBOUR_VALE}
    assert browser.post("/identity/consent", data=form, follow_redirects=False).status_code == 302
    assert browser.post("/identity/consent", data=form, follow_redirects=False).status_code == 400


def test_a_sign_in_left_open_too_long_must_start_again(server: SandboxServer, browser: httpx.Client) -> None:
    page = browser.get(authorize_url(server.url))
    server.world.clock.advance(31 * 60)
    form = {"transaction": transaction(page), "email": MERE, "password": "practice"}
    assert "Start again from the app" in browser.post("/identity/login", data=form).text


def test_the_name_of_an_app_is_escaped(server: SandboxServer) -> None:
    server.world.apps["odd"] = App("odd", "<script>alert(1)</script>", "s", ["http://127.0.0.1:1/cb"])
    url = authorize_url(server.url, client_id="odd", redirect_uri="http://127.0.0.1:1/cb")
    page = httpx.get(url, trust_env=False).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_redirect_uri_keeps_its_own_query(server: SandboxServer) -> None:
    server.world.apps["q"] = App("q", "Q", "s", ["http://127.0.0.1:1/cb?practice=1"])
    callback = answer_consent(
        authorize_url(server.url, client_id="q", redirect_uri="http://127.0.0.1:1/cb?practice=1"),
        MERE,
        decision="cancel",
    )
    assert callback.startswith("http://127.0.0.1:1/cb?practice=1&error=access_denied")


def test_one_consent_can_connect_several_accounts(server: SandboxServer) -> None:
    app = XeroApp(server, SAM, (HARBOUR_VALE, COASTAL_BRANCH)).connect()
    listed = app.get("/connections", tenant=None).json()
    app.http.close()
    assert [row["tenantId"] for row in listed][:2] == [HARBOUR_VALE, COASTAL_BRANCH]
    assert len({row["authEventId"] for row in listed}) == 1
