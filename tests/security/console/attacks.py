"""The attacks: what the attacker does, which standard's rule covers it, and how the console refuses.

`python -m tests.security.console.attacks` rewrites docs/console-attacks.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.browser import answer_consent
from tests.attack_table import written
from tests.console.office import COASTAL, CONSOLE, HARBOUR, LEO, MERE, SAM, leads_to, press
from tests.security.console.scene import ANA, OPERATOR, WRONG, Scene, post
from xpm.access.login import LINK_LASTS, make_link
from xpm.store import people

REPORT = Path(__file__).parents[3] / "docs" / "console-attacks.md"
TO_LOGIN = "303 to the login"
LOGGED_OUT = "401 You are logged out"
NOT_THERE = "404 There is no such page"
ONLY_ADMINS = "403 Only an FYI Admin of this practice may do this"
ONLY_USERS = "403 Only users of this practice see its records"
FOREIGN_FORM = "403 This form was not sent by a page of the console."
UNKNOWN = "403 FYI does not know"
NOT_TRUSTED = "403 This answer did not come from a login that this browser began"
LINK_OVER = "403 This login link is no longer valid"
TOO_OFTEN = "429 That was too often in a short time"


@dataclass(frozen=True)
class Attack:
    """One attack; `carry_out` returns how it was refused, in the words of `refused` if it was."""

    name: str
    how: str
    reference: str
    refused: str
    carry_out: Callable[[Scene], str]


def said(answer: httpx.Response) -> str:
    """The status and headline of an answer, or where it leads."""
    if answer.is_redirect:
        to_login = answer.headers["location"].partition("?")[0] == "/login"
        return TO_LOGIN if to_login else f"{answer.status_code} to {answer.headers['location']}"
    headline = answer.text.partition("<h1>")[2].partition("</h1>")[0] or answer.text
    return f"{answer.status_code} {headline}"


def _visitor_in_chromium(scene: Scene) -> str:
    shown = scene.in_chromium(f"/runs/{scene.run}")
    assert "Vale" not in shown
    return "the login page" if 'action="/login"' in shown else shown


def _foreign_page_in_chromium(scene: Scene) -> str:
    shown = scene.from_a_foreign_page()
    return FOREIGN_FORM if FOREIGN_FORM.partition(" ")[2] in shown else shown


def _by(email: str | None, path: str, **form: str) -> Callable[[Scene], str]:
    """Somebody sends a form, or opens a page if the form is empty."""

    def carry_out(scene: Scene) -> str:
        at = path.format(run=scene.run)
        with scene.attacker(email) as browser:
            return said(post(browser, at, **form) if form else browser.get(at))

    return carry_out


def _foreign_origin(origin: str | None) -> Callable[[Scene], str]:
    def carry_out(scene: Scene) -> str:
        return said(post(scene.office.browser, f"/runs/{scene.run}/account", origin, account=WRONG))

    return carry_out


def _rebound_host(scene: Scene) -> str:
    answer = scene.office.browser.get(f"/practices/{HARBOUR}", headers={"Host": "attacker.example"})
    return f"{answer.status_code} {answer.text}"


def _another_person(scene: Scene) -> str:
    with scene.attacker(LEO) as browser:
        form = {"person": MERE, "admin_email": MERE, "maintain_jobs": "on"}
        return said(post(browser, f"/practices/{HARBOUR}/settings", **form))


def _forged_cookie(scene: Scene) -> str:
    with scene.attacker() as browser:
        token = scene.office.browser.cookies["xpm-session"].rpartition(".")[0]
        browser.cookies.set("xpm-session", f"{token}.{'A' * 27}", domain="127.0.0.1")
        return said(browser.get(f"/practices/{HARBOUR}"))


def _after_logout(scene: Scene) -> str:
    with scene.attacker(SAM) as victim, scene.attacker() as browser:
        stolen = victim.cookies["xpm-session"]
        post(victim, "/logout")
        browser.cookies.set("xpm-session", stolen, domain="127.0.0.1")
        return said(browser.get(f"/practices/{HARBOUR}"))


def _fixed_session(scene: Scene) -> str:
    with scene.attacker(ANA) as attacker, scene.attacker() as victim:
        planted = attacker.cookies["xpm-session"]
        victim.cookies.set("xpm-session", planted, domain="127.0.0.1")
        press(victim, make_link(scene.office.integration, SAM).get_secret_value())
        return said(attacker.get(f"/practices/{HARBOUR}"))


def _left_the_practice(scene: Scene) -> str:
    with scene.attacker(SAM) as browser:
        with scene.office.integration.database.write() as session:
            for practice in (HARBOUR, COASTAL):
                people.update(session, scene.office.person(SAM, practice).id, is_active=False)
        answer = said(browser.get(f"/practices/{HARBOUR}"))
        with scene.office.integration.database.write() as session:
            for practice in (HARBOUR, COASTAL):
                people.update(session, scene.office.person(SAM, practice).id, is_active=True)
        return answer


def _sign_in(scene: Scene, browser: httpx.Client, email: str) -> httpx.Response:
    back = answer_consent(leads_to(post(browser, "/login")), email)
    return browser.get(back.removeprefix(CONSOLE))


def _unverified_address(scene: Scene) -> str:
    scene.server.world.people[LEO].email_verified = False
    with scene.attacker() as browser:
        return said(_sign_in(scene, browser, LEO))


def _another_subject(scene: Scene) -> str:
    with scene.attacker() as browser, scene.attacker() as attacker:
        scene.server.world.people[LEO].email_verified = True
        _sign_in(scene, browser, LEO)
        scene.server.world.people[LEO].xero_userid = "00000000-0000-4000-8000-000000000000"
        return said(_sign_in(scene, attacker, LEO))


def _login_of_the_attacker(scene: Scene) -> str:
    """The attacker's answer in the victim's browser would make the victim work as the attacker."""
    with scene.attacker() as attacker:
        back = answer_consent(leads_to(post(attacker, "/login")), SAM).removeprefix(CONSOLE)
    return said(scene.office.browser.get(back))


def _replayed_login(scene: Scene) -> str:
    scene.server.world.people[LEO].email_verified = True
    with scene.attacker() as browser:
        back = answer_consent(leads_to(post(browser, "/login")), LEO).removeprefix(CONSOLE)
        kept = dict(browser.cookies)
        browser.get(back)
        browser.cookies.clear()
        for name, value in kept.items():
            browser.cookies.set(name, value, domain="127.0.0.1")
        return said(browser.get(back))


def _led_elsewhere(scene: Scene) -> str:
    scene.server.world.people[LEO].email_verified = True
    with scene.attacker() as browser:
        led = post(browser, "/login", onward="//attacker.example")
        return said(browser.get(answer_consent(leads_to(led), LEO).removeprefix(CONSOLE)))


def _link_twice(scene: Scene) -> str:
    link = make_link(scene.office.integration, SAM).get_secret_value()
    with scene.attacker() as owner, scene.attacker() as thief:
        press(owner, link)
        return said(press(thief, link))


def _old_link(scene: Scene) -> str:
    link = make_link(scene.office.integration, SAM).get_secret_value()
    scene.server.world.clock.advance(LINK_LASTS.total_seconds() + 1)
    with scene.attacker() as thief:
        return said(press(thief, link))


def _scanned_link(scene: Scene) -> str:
    """A mail scanner opens the link; the person can still use it."""
    link = make_link(scene.office.integration, SAM).get_secret_value()
    with scene.attacker() as scanner, scene.attacker() as owner:
        for method in ("HEAD", "GET"):
            assert "set-cookie" not in scanner.request(method, link).headers
        nobody = said(scanner.get("/account"))
        assert press(owner, link).headers["location"] == "/"
    return nobody


def _scanned_connect_link(scene: Scene) -> str:
    """A mail scanner opens the link to Xero while the administrator is there; the administrator can still come back."""
    office, (_, invited) = scene.office, scene.office.invited()
    before = scene.stored()
    with scene.attacker() as scanner:
        answers = {said(scanner.request(method, invited.link)) for method in ("HEAD", "GET")}
    assert scene.stored() == before
    office.browser.get(invited.link)
    assert scene.stored() == before
    (answer,) = answers
    return answer


def _guessed_links(scene: Scene) -> str:
    with scene.attacker() as browser:
        tries = [press(browser, f"/login/link/{'x' * 42}{number % 10}") for number in range(30)]
    return said(tries[-1])


ATTACKS = (
    Attack(
        "A visitor chooses the account",
        "in a real Chromium: the address of a run that asks which account to connect to",
        "ASVS 8.2.1, 8.4.1",
        "the login page",
        _visitor_in_chromium,
    ),
    Attack(
        "A web page chooses the account",
        "in a real Chromium: a page that sends the console's form for the wrong account by itself",
        "ASVS 3.5.1",
        FOREIGN_FORM,
        _foreign_page_in_chromium,
    ),
    Attack(
        "A visitor sends the form",
        "the wrong account, from a program that sends the console's own Origin",
        "ASVS 8.2.1",
        LOGGED_OUT,
        _by(None, "/runs/{run}/account", account=WRONG),
    ),
    Attack(
        "A foreign origin",
        "the form, with the administrator's cookie",
        "ASVS 3.5.1",
        FOREIGN_FORM,
        _foreign_origin("https://attacker.example"),
    ),
    Attack("No origin", "the same, without an Origin", "ASVS 3.5.1", FOREIGN_FORM, _foreign_origin(None)),
    Attack("An opaque origin", "the same, from a sandboxed frame", "ASVS 3.5.1", FOREIGN_FORM, _foreign_origin("null")),
    Attack(
        "DNS rebinding",
        "a name of the attacker's that leads to the console",
        "CWE-350",
        "400 Invalid host header",
        _rebound_host,
    ),
    Attack(
        "Another practice",
        "the address of a practice, by an administrator of another",
        "ASVS 8.4.1",
        NOT_THERE,
        _by(ANA, f"/practices/{HARBOUR}"),
    ),
    Attack("Another practice's run", "the address of its run", "ASVS 8.2.2, 8.4.1", NOT_THERE, _by(ANA, "/runs/{run}")),
    Attack(
        "Another practice's account",
        "the form that chooses its account",
        "ASVS 8.2.2, 8.4.1",
        NOT_THERE,
        _by(ANA, "/runs/{run}/account", account=WRONG),
    ),
    Attack(
        "A user who is no administrator",
        "the form that chooses the account",
        "ASVS 8.2.1",
        ONLY_ADMINS,
        _by(LEO, "/runs/{run}/account", account=WRONG),
    ),
    Attack(
        "An operator reconnects",
        "the form to reconnect",
        "ASVS 8.2.1",
        ONLY_ADMINS,
        _by(OPERATOR, f"/practices/{HARBOUR}/reconnect", long_term_user="yes"),
    ),
    Attack(
        "An operator reads records",
        "the page of records set aside",
        "ASVS 8.2.3",
        ONLY_USERS,
        _by(OPERATOR, f"/practices/{HARBOUR}/set-aside"),
    ),
    Attack(
        "In another person's name",
        "a form with the administrator's address in it",
        "ASVS 8.2.1",
        ONLY_ADMINS,
        _another_person,
    ),
    Attack("A forged session", "a token with another signature", "ASVS 7.2.1, 7.2.3", TO_LOGIN, _forged_cookie),
    Attack("A session after logging out", "a stolen cookie", "ASVS 7.4.1", TO_LOGIN, _after_logout),
    Attack(
        "A planted session",
        "the attacker's own session, planted in a browser before its person logs in",
        "ASVS 7.2.4",
        TO_LOGIN,
        _fixed_session,
    ),
    Attack(
        "A session of somebody who left",
        "a session whose FYI users are no longer active",
        "ASVS 7.4.2",
        TO_LOGIN,
        _left_the_practice,
    ),
    Attack(
        "An address that is not verified",
        "a login whose issuer does not vouch for its address",
        "ASVS 6.8.1 · OpenID Connect Core §5.7",
        UNKNOWN,
        _unverified_address,
    ),
    Attack(
        "The same address, another subject",
        "a second login with a verified address that the first one has",
        "ASVS 10.5.2 · OpenID Connect Core §5.7",
        UNKNOWN,
        _another_subject,
    ),
    Attack(
        "The attacker's login",
        "an answer of the issuer to the attacker, in the administrator's browser",
        "ASVS 10.2.1 · RFC 9700 §4.7",
        NOT_TRUSTED,
        _login_of_the_attacker,
    ),
    Attack(
        "A login twice",
        "an answer of the issuer that was used, with the browser's cookies",
        "ASVS 10.5.1 · RFC 9700 §4.5",
        NOT_TRUSTED,
        _replayed_login,
    ),
    Attack(
        "A login that leads elsewhere",
        "an address outside the console to go on to",
        "ASVS 3.7.2",
        "303 to /",
        _led_elsewhere,
    ),
    Attack("A login link twice", "a link that was used", "ASVS 6.6.2", LINK_OVER, _link_twice),
    Attack("An old login link", "a link after its ten minutes", "ASVS 6.6.2", LINK_OVER, _old_link),
    Attack("A login link in a mail scanner", "HEAD and GET of the link", "ASVS 3.5.3", TO_LOGIN, _scanned_link),
    Attack(
        "The link to Xero in a mail scanner", "HEAD and GET of the link", "ASVS 3.5.3", TO_LOGIN, _scanned_connect_link
    ),
    Attack("Guessed login links", "thirty links from one address", "ASVS 6.3.1, 6.6.3", TOO_OFTEN, _guessed_links),
)


IN_CHROMIUM = ATTACKS[:2]
"""Those that a real browser carries out, which not every machine has."""


def report() -> str:
    """Write the table of attacks, in Markdown."""
    return written(
        "Attacks on the console",
        [
            "`tests/security/console` carries out each attack on the real console, with the sandbox as its issuer.",
            "Each is refused, and the database stays the same but for the attacker's own login and the audit trail.",
            "ASVS is OWASP's Application Security Verification Standard 5.0.",
        ],
        ["Attack", "The attacker brings", "Item", "Refused with"],
        [(one.name, one.how, one.reference, one.refused) for one in ATTACKS],
    )


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")
