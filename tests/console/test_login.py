"""Logging in: at an issuer over real HTTP, or with a link; and how long a login lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape

import httpx
import pytest

from console.desk import CALLER
from sandbox.browser import answer_consent
from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.console.conftest import at_sandbox, settings
from tests.console.office import (
    COASTAL,
    CONSOLE,
    HARBOUR,
    LEO,
    MERE,
    SAM,
    Office,
    leads_to,
    office_over,
    path_of,
    press,
    text_of,
)
from xpm.access.login import LINK_LASTS, make_link
from xpm.store import people
from xpm.store.engine.database import Database
from xpm.store.tables import StoreTable

OPERATOR = "ops@fyi.example"


@contextmanager
def console(database: Database, **more: str) -> Iterator[tuple[Office, SandboxServer]]:
    """A console with the sandbox as its issuer, and nobody logged in."""
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server:
        server.world.apps["FYI-XPM-SANDBOX"].redirect_uris.append(f"{CONSOLE}/login/callback")
        configured = settings(**at_sandbox(server.url), **more)
        with office_over(database, configured, server.world.clock.now) as office:
            office.browser.cookies.clear()
            yield office, server


@pytest.fixture
def at_xero(sqlite_database: Database) -> Iterator[tuple[Office, SandboxServer]]:
    with console(sqlite_database) as opened:
        yield opened


def sign_in(office: Office, email: str, **form: str) -> httpx.Response:
    """Sign in at the issuer, and come back."""
    led = office.post("/login", form)
    assert led.status_code == 200, led.text
    back = answer_consent(leads_to(led), email)
    return office.browser.get(back.removeprefix(CONSOLE))


def known_to_xero(office: Office, server: SandboxServer, email: str, practice: str = HARBOUR) -> None:
    """Let FYI know somebody's Xero user, as a consent does."""
    with office.integration.database.write() as session:
        userid = server.world.people[email].xero_userid
        people.update(session, office.person(email, practice).id, xero_userid=userid)


def is_logged_in(office: Office) -> bool:
    return office.get("/account").status_code == 200


def test_a_person_whom_a_consent_made_known_signs_in_with_xero(at_xero: tuple[Office, SandboxServer]) -> None:
    office, server = at_xero
    known_to_xero(office, server, MERE)
    answer = sign_in(office, MERE, onward=f"/practices/{HARBOUR}")
    assert (answer.status_code, path_of(answer)) == (303, f"/practices/{HARBOUR}")
    assert "Mere Tāne" in text_of(office.get("/account"))


def test_an_address_that_nobody_verified_logs_nobody_in(at_xero: tuple[Office, SandboxServer]) -> None:
    office, _ = at_xero
    answer = sign_in(office, MERE)
    assert answer.status_code == 403
    assert f"FYI does not know {MERE}" in text_of(answer) or "FYI does not know Mere" in text_of(answer)
    assert not is_logged_in(office)


@pytest.mark.also_on_postgresql("a login is bound to users once")
def test_an_issuers_verified_address_is_matched_once_and_then_the_subject_decides(database: Database) -> None:
    with console(database) as (office, server):
        server.world.people[MERE].email_verified = True
        sign_in(office, MERE)
        assert is_logged_in(office)
        with office.integration.database.write() as session:
            people.update(session, office.person(MERE).id, email="mere@elsewhere.example")
        office.browser.cookies.clear()
        sign_in(office, MERE)
        assert is_logged_in(office)


def test_another_subject_with_the_same_address_is_not_the_same_person(
    at_xero: tuple[Office, SandboxServer],
) -> None:
    office, server = at_xero
    server.world.people[MERE].email_verified = True
    sign_in(office, MERE)
    office.browser.cookies.clear()
    server.world.people[MERE].xero_userid = "00000000-0000-4000-8000-000000000000"
    assert sign_in(office, MERE).status_code == 403


def test_an_address_that_was_given_to_another_person_later_does_not_open_that_persons_practice(
    at_xero: tuple[Office, SandboxServer],
) -> None:
    office, server = at_xero
    server.world.people[LEO].email_verified = True
    sign_in(office, LEO)
    server.world.people[LEO].email_verified = None
    with office.integration.database.write() as session:
        people.add(session, COASTAL, LEO, "Another Leo", is_admin=True)
    office.browser.cookies.clear()
    sign_in(office, LEO)
    assert office.get(f"/practices/{COASTAL}").status_code == 404


def test_a_login_link_adds_the_issuer_so_that_it_is_needed_once(at_xero: tuple[Office, SandboxServer]) -> None:
    office, _ = at_xero
    office.log_in(SAM)
    assert "Sign in with Xero" in office.get("/account").text
    assert path_of(sign_in(office, SAM, adding="yes", onward="/account")) == "/account"
    office.browser.cookies.clear()
    sign_in(office, SAM)
    assert {office.get(f"/practices/{slug}").status_code for slug in (HARBOUR, COASTAL)} == {200}


def test_any_issuer_can_be_configured(sqlite_database: Database) -> None:
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server:
        server.world.apps["FYI-XPM-SANDBOX"].redirect_uris.append(f"{CONSOLE}/login/callback")
        server.world.people[LEO].email_verified = True
        issuer = {
            "xpm_login_issuer": server.url,
            "xpm_login_client_id": "FYI-XPM-SANDBOX",
            "xpm_login_client_secret": "sandbox-secret",
        }
        with office_over(sqlite_database, settings(**issuer), server.world.clock.now) as office:
            office.browser.cookies.clear()
            assert "Sign in with 127.0.0.1" in text_of(office.get("/login"))
            sign_in(office, LEO)
            assert is_logged_in(office)


def test_an_issuer_that_calls_itself_otherwise_is_refused(sqlite_database: Database) -> None:
    named = {
        "issuer": "https://other.example",
        "authorization_endpoint": "https://other.example/authorize",
        "token_endpoint": "https://other.example/token",
        "jwks_uri": "https://other.example/jwks",
    }
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=named))) as http:
        configured = settings(xpm_login_issuer="https://issuer.example")
        with office_over(sqlite_database, configured, http=http) as office:
            answer = office.post("/login", {})
    assert answer.status_code == 503
    assert "calls itself by another address" in answer.text


@pytest.mark.parametrize("change", [{"state": "forged"}, {"code": "forged"}, {"iss": "https://other.example"}])
def test_an_answer_of_the_issuer_that_was_tampered_with_logs_nobody_in(
    at_xero: tuple[Office, SandboxServer], change: dict[str, str]
) -> None:
    office, server = at_xero
    known_to_xero(office, server, MERE)
    back = answer_consent(leads_to(office.post("/login", {})), MERE)
    answer = office.browser.get(httpx.URL(back).copy_merge_params(change).raw_path.decode())
    assert answer.status_code == 403
    assert not is_logged_in(office)


def test_an_answer_counts_in_the_browser_that_began_the_login_alone(at_xero: tuple[Office, SandboxServer]) -> None:
    office, server = at_xero
    known_to_xero(office, server, MERE)
    back = answer_consent(leads_to(office.post("/login", {})), MERE).removeprefix(CONSOLE)
    with office.another_browser() as other:
        assert other.get(back).status_code == 403
    assert office.browser.get(back).status_code == 303


def test_a_person_who_says_no_at_the_issuer_is_told_so(at_xero: tuple[Office, SandboxServer]) -> None:
    office, _ = at_xero
    back = answer_consent(leads_to(office.post("/login", {})), MERE, decision="cancel")
    answer = office.browser.get(back.removeprefix(CONSOLE))
    assert answer.status_code == 403
    assert "was not allowed to say who you are" in answer.text


@pytest.mark.parametrize(
    "away", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
def test_a_login_leads_nowhere_outside_the_console(at_xero: tuple[Office, SandboxServer], away: str) -> None:
    office, server = at_xero
    known_to_xero(office, server, MERE)
    assert sign_in(office, MERE, onward=away).headers["location"] == "/"


@pytest.mark.also_on_postgresql("of two uses at once, one counts")
def test_a_link_logs_in_once(database: Database) -> None:
    with office_over(database, settings()) as office:
        link = make_link(office.integration, SAM).get_secret_value()
        with office.another_browser() as first, office.another_browser() as second:
            assert press(first, link).status_code == 303
            refused = press(second, link)
            assert refused.status_code == 403
            assert "no longer valid" in refused.text
            assert second.get("/account").status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_a_link_without_its_button_uses_nothing_up(office: Office, method: str) -> None:
    link = make_link(office.integration, SAM).get_secret_value()
    with office.another_browser() as browser:
        opened = browser.request(method, link)
        assert (opened.status_code, "set-cookie" in opened.headers) == (200, False)
        assert opened.headers["referrer-policy"] == "same-origin"
        assert press(browser, link).status_code == 303


def test_a_link_lasts_ten_minutes(sqlite_database: Database) -> None:
    with console(sqlite_database) as (office, server):
        link = make_link(office.integration, SAM).get_secret_value()
        server.world.clock.advance(LINK_LASTS.total_seconds() + 1)
        assert press(office.browser, link).status_code == 403


def test_links_and_sessions_are_stored_as_digests(office: Office) -> None:
    link = make_link(office.integration, SAM).get_secret_value()
    secret = {link.rpartition("/")[2], office.browser.cookies["xpm-session"].rpartition(".")[0]}
    with office.integration.database.read() as session:
        tables = StoreTable.metadata.sorted_tables
        stored = [repr(row) for table in tables for row in session.connection().execute(table.select())]
    assert not [row for row in stored for one in secret if one in row]


def test_a_session_ends_when_it_is_not_used_and_at_its_end_however_much_it_is_used(sqlite_database: Database) -> None:
    with console(sqlite_database, xpm_session_idle_minutes="30", xpm_session_hours="2") as (office, server):
        office.log_in(MERE)
        for _ in range(4):
            server.world.clock.advance(timedelta(minutes=29).total_seconds())
            assert is_logged_in(office)
        server.world.clock.advance(timedelta(minutes=5).total_seconds())
        assert not is_logged_in(office)
        office.log_in(MERE)
        server.world.clock.advance(timedelta(minutes=31).total_seconds())
        assert not is_logged_in(office)


def test_a_login_gives_a_new_session_and_ends_the_one_before(office: Office) -> None:
    before = office.browser.cookies["xpm-session"]
    office.log_in(SAM)
    assert office.browser.cookies["xpm-session"] != before
    with office.another_browser() as thief:
        thief.cookies.set("xpm-session", before, domain="127.0.0.1")
        assert thief.get("/account").status_code == 303


def test_logging_out_ends_the_session_on_the_server(office: Office) -> None:
    cookie = office.browser.cookies["xpm-session"]
    assert path_of(office.post("/logout", {})) == "/login"
    office.browser.cookies.set("xpm-session", cookie, domain="127.0.0.1")
    assert not is_logged_in(office)


def test_logging_out_everywhere_ends_every_session_of_the_person_and_of_nobody_else(
    at_xero: tuple[Office, SandboxServer],
) -> None:
    office, server = at_xero
    known_to_xero(office, server, MERE)
    sign_in(office, MERE)
    with office.another_browser(MERE) as elsewhere, office.another_browser(SAM) as colleague:
        office.post("/logout", {"everywhere": "yes"})
        assert elsewhere.get("/account").status_code == 303
        assert colleague.get("/account").status_code == 200


@pytest.mark.parametrize("tampered", ["", "x", "a.b", "\N{BULLET}", "{0}x", "x{0}"])
def test_a_cookie_that_we_did_not_sign_is_nobody(office: Office, tampered: str) -> None:
    cookie = tampered.format(office.browser.cookies["xpm-session"])
    forged = httpx.Request("GET", f"{CONSOLE}/account", headers={b"Cookie": f"xpm-session={cookie}".encode()})
    office.browser.cookies.clear()
    assert office.browser.send(forged).status_code == 303


def test_the_sessions_cookie_is_for_this_host_and_no_script(sqlite_database: Database) -> None:
    at = "https://fyi.harbourvale.example"
    with office_over(sqlite_database, settings(xpm_console_url=at)) as office:
        link = make_link(office.integration, SAM).get_secret_value()
        answer = office.browser.post(link, headers={"Origin": at})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-xpm-session"
    assert {"httponly", "secure", "path=/", "samesite=lax"} <= {part.strip().lower() for part in rest.split(";")}
    assert "domain" not in rest.lower()


def test_rotating_the_encryption_key_logs_nobody_out(sqlite_database: Database) -> None:
    old = settings().xpm_encryption_keys[0].get_secret_value()
    new = settings().xpm_encryption_keys[0].get_secret_value()
    with office_over(sqlite_database, settings(xpm_encryption_keys=old)) as office:
        cookie = office.browser.cookies["xpm-session"]
        rotated = office.integration.vault.__class__([new, old])
        object.__setattr__(office.integration, "vault", rotated)
        office.browser.cookies.set("xpm-session", cookie, domain="127.0.0.1")
        assert is_logged_in(office)


def test_an_operator_needs_no_practice(sqlite_database: Database) -> None:
    with console(sqlite_database, xpm_operators=f"{OPERATOR}, other@fyi.example") as (office, _):
        assert "of all practices" in text_of(office.log_in(OPERATOR).get("/account"))


def test_too_many_tries_to_log_in_from_one_address_are_refused(office: Office) -> None:
    link = f"{CONSOLE}/login/link/{'x' * 43}"
    answers = [press(office.browser, link).status_code for _ in range(22)]
    assert answers[0] == 403
    assert answers[-1] == 429


def test_a_visitor_is_led_to_the_login_and_back(office: Office) -> None:
    office.browser.cookies.clear()
    led = office.get(f"/practices/{HARBOUR}/activity", search="sync & more")
    assert led.status_code == 303
    shown = office.browser.get(led.headers["location"]).text
    assert f'value="/practices/{HARBOUR}/activity?search=sync+%26+more"' in unescape(shown)


def test_without_an_issuer_the_login_page_says_how_to_get_a_link(sqlite_database: Database) -> None:
    with office_over(sqlite_database, settings(xpm_login_issuer="none")) as office:
        office.browser.cookies.clear()
        assert "Ask whoever runs this installation for a login link" in text_of(office.get("/login"))
        assert office.post("/login", {}).status_code == 503


def test_a_page_names_who_is_logged_in_and_no_other_request_does(office: Office) -> None:
    assert "Mere Tāne" in text_of(office.get("/"))
    assert CALLER.get() is None
    office.browser.cookies.clear()
    assert "Mere" not in office.get("/login").text


def test_a_login_that_fails_because_of_a_clock_says_so(sqlite_database: Database) -> None:
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server:
        server.world.apps["FYI-XPM-SANDBOX"].redirect_uris.append(f"{CONSOLE}/login/callback")
        slow = timedelta(minutes=20)
        with office_over(
            sqlite_database, settings(**at_sandbox(server.url)), lambda: server.world.clock.now() - slow
        ) as office:
            office.browser.cookies.clear()
            assert "clock differ by more than five minutes" in text_of(sign_in(office, MERE))
