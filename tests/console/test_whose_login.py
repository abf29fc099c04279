"""Which FYI users a login becomes: nobody gets another person's practice by an address that was not proven now."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from sandbox.browser import answer_consent
from tests.console.office import COASTAL, CONSOLE, HARBOUR, LEO, MERE, SAM, Office, leads_to, text_of
from tests.console.serving import serving
from tests.console.test_login import console, is_logged_in, known_to_xero, sign_in
from xpm.store import people
from xpm.store.engine.database import Database

BOSS = "boss@coastal.example"


def address_moves(office: Office, now: str) -> None:
    """Give Leo another address in FYI, and his old one to an administrator of the other practice."""
    with office.integration.database.write() as session:
        people.update(session, office.person(LEO).id, email=now)
        people.add(session, COASTAL, LEO, "Another Leo", is_admin=True)


def seen_by(office: Office, email: str) -> dict[str, int]:
    with office.another_browser(email) as browser:
        return {slug: browser.get(f"/practices/{slug}").status_code for slug in (HARBOUR, COASTAL)}


def test_an_address_that_only_fyi_has_of_a_person_adds_no_practice_and_no_operator(sqlite_database: Database) -> None:
    with console(sqlite_database, xpm_operators=BOSS) as (office, server):
        known_to_xero(office, server, LEO)
        with office.integration.database.write() as session:
            people.add(session, COASTAL, BOSS, "Boss", is_admin=True)
            people.update(session, office.person(LEO).id, email=BOSS)
        sign_in(office, LEO)
        assert sign_in(office, LEO, adding="yes").status_code == 303
        assert office.get(f"/practices/{COASTAL}").status_code == 404
        assert "Operator" not in text_of(office.get("/account"))


@pytest.mark.also_on_postgresql("bindings are replaced in one transaction")
def test_a_link_for_an_address_does_not_open_the_practice_of_whoever_had_it_before(database: Database) -> None:
    with console(database) as (office, _):
        office.log_in(LEO)
        address_moves(office, "leo@elsewhere.example")
        assert seen_by(office, LEO) == {HARBOUR: 404, COASTAL: 200}


def test_a_session_by_link_ends_when_a_link_logs_another_person_in_with_its_address(sqlite_database: Database) -> None:
    with console(sqlite_database) as (office, _):
        office.log_in(LEO)
        address_moves(office, "leo@elsewhere.example")
        assert is_logged_in(office)
        assert seen_by(office, LEO)[COASTAL] == 200
        assert not is_logged_in(office)


def test_a_person_with_a_new_address_gets_in_by_a_link_for_it(sqlite_database: Database) -> None:
    with console(sqlite_database) as (office, _):
        office.log_in(LEO)
        with office.integration.database.write() as session:
            people.update(session, office.person(LEO).id, email="leo@elsewhere.example")
        assert seen_by(office, "leo@elsewhere.example")[HARBOUR] == 200


@pytest.mark.also_on_postgresql("two transactions add the same login")
def test_of_two_first_logins_at_once_both_let_the_person_in(database: Database) -> None:
    with console(database) as (office, server):
        known_to_xero(office, server, SAM)
        browsers = [httpx.Client() for _ in range(3)]
        with serving(office) as port, ExitStack() as open_ones, ThreadPoolExecutor(len(browsers)) as together:
            backs = [begun(open_ones.enter_context(browser), port) for browser in browsers]
            answers = list(together.map(lambda one: one[0].get(one[1]).status_code, zip(browsers, backs, strict=True)))
    assert answers == [303, 303, 303]


def begun(browser: httpx.Client, port: int) -> str:
    """Begin Sam's login at a console on this port, and return the address that the issuer sends the browser back to."""
    at = f"http://127.0.0.1:{port}"
    led = browser.post(f"{at}/login", headers={"Origin": at})
    return answer_consent(leads_to(led), SAM).replace(CONSOLE, at)


def test_a_way_to_log_in_is_added_only_to_the_session_that_asked_for_it(sqlite_database: Database) -> None:
    with console(sqlite_database) as (office, server):
        with office.another_browser(SAM) as attacker:
            led = attacker.post("/login", data={"adding": "yes"}, headers={"Origin": CONSOLE})
            back = answer_consent(leads_to(led), SAM).removeprefix(CONSOLE)
            planted = attacker.cookies["xpm-login"]
        office.log_in(MERE)
        office.browser.cookies.set("xpm-login", planted, domain="127.0.0.1", path="/login")
        office.browser.get(back)
        office.browser.cookies.clear()
        known_to_xero(office, server, SAM)
        sign_in(office, SAM)
        assert "Sam Brooks" in text_of(office.get("/account"))
