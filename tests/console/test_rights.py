"""Who may use which route: tried on every route and method of the app, by everybody.

A new route is tried as well. Until it says what it needs, nobody finds it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from console.app import ROUTES, create_app
from console.gate import GatedRoute, Need
from tests.console.conftest import settings
from tests.console.in_process import InProcess
from tests.console.office import COASTAL, CONSOLE, HARBOUR, LEO, MERE, TENANT, Office, log_in, office_over, text_of
from xpm.access.rights import OF_ADMINS, OF_OPERATORS, OF_USERS, Right
from xpm.store import people
from xpm.store.engine.database import Database
from xpm.store.pull import quarantine
from xpm.store.push import edits, protection
from xpm.store.push.edits import EditAct, Place
from xpm.store.records.bulk import Scope
from xpm.store.tables import StoreTable

OPERATOR, ANA = "ops@fyi.example", "ana@coastal.example"
EVERYBODY: Mapping[str, tuple[str | None, frozenset[Right]]] = {
    "visitor": (None, frozenset()),
    "user": (LEO, OF_USERS),
    "administrator": (MERE, OF_ADMINS),
    "operator": (OPERATOR, OF_OPERATORS),
    "administrator of another practice": (ANA, frozenset()),
}
"""Each with an address, and what they may do in Harbour & Vale."""
GATED = [one for one in ROUTES if isinstance(one, GatedRoute)]
NEEDING_A_RIGHT = [one for one in GATED if isinstance(one.needs, Right)]


@dataclass
class Scene:
    """Two practices, and a run and an attempt of the first."""

    office: Office
    addresses: Mapping[str, str]

    def ask(self, browser: httpx.Client, route: GatedRoute, method: str) -> httpx.Response:
        """Ask a route about Harbour & Vale."""
        path = route.path
        for name, value in self.addresses.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"{route.path} has a part that this test does not know"
        return browser.request(method, path, headers={"Origin": CONSOLE})

    def stored(self) -> dict[str, list[str]]:
        """Every row, except when sessions were last used."""
        with self.office.integration.database.read() as session:
            return {
                table.name: sorted(map(repr, session.connection().execute(table.select())))
                for table in StoreTable.metadata.sorted_tables
                if table.name not in {"console_session", "audit_entry", "audit_head"}
            }


@pytest.fixture
def scene(sqlite_database: Database) -> Iterator[Scene]:
    with office_over(sqlite_database, settings(xpm_operators=OPERATOR)) as office:
        with office.integration.database.write() as session:
            people.add(session, COASTAL, ANA, "Ana Costa", is_admin=True)
        run_id, invited = office.invited()
        known = {"slug:slug": HARBOUR, "run:uuid": str(run_id), "attempt:uuid": invited.attempt_id}
        yield Scene(office, known | {"token:token": "x" * 43})


def is_let_in(answer: httpx.Response) -> bool:
    """Whether the page itself answered, and not the gate."""
    to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
    return answer.status_code not in {401, 403, 404} and not to_login


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_route_lets_in_exactly_those_who_have_its_right(scene: Scene, who: str) -> None:
    email, rights = EVERYBODY[who]
    for route in NEEDING_A_RIGHT:
        for method in sorted(route.methods or ()):
            with scene.office.another_browser(email) as browser:
                answer = scene.ask(browser, route, method)
            assert is_let_in(answer) == (route.needs in rights), (route.path, method, answer.status_code)


@pytest.mark.parametrize("who", [who for who, (_, rights) in EVERYBODY.items() if not rights])
def test_to_others_a_practice_does_not_exist_and_nothing_names_it(scene: Scene, who: str) -> None:
    email, _ = EVERYBODY[who]
    before = scene.stored()
    with scene.office.another_browser(email) as browser:
        for route in NEEDING_A_RIGHT:
            for method in sorted(route.methods or ()):
                answer = scene.ask(browser, route, method)
                unknown = Scene(scene.office, {**scene.addresses, **elsewhere()}).ask(browser, route, method)
                assert (answer.status_code, answer.text) == (unknown.status_code, unknown.text), (route.path, method)
                assert "Vale" not in answer.text
        if email:
            assert "Vale" not in browser.get("/").text
    assert scene.stored() == before | {name: scene.stored()[name] for name in ("login", "login_user", "login_link")}


def elsewhere() -> dict[str, str]:
    """Addresses that lead to nothing."""
    return {"slug:slug": "nowhere", "run:uuid": str(uuid4()), "attempt:uuid": str(uuid4())}


def test_a_login_is_needed_for_every_page_but_those_that_log_in(scene: Scene) -> None:
    with scene.office.another_browser() as visitor:
        for route in GATED:
            if route.needs is Need.LOGIN:
                for method in sorted(route.methods or ()):
                    assert not is_let_in(scene.ask(visitor, route, method)), route.path
    open_to_all = {route.path for route in GATED if route.needs is Need.NOTHING}
    assert open_to_all == {"/health", "/login", "/login/callback", "/login/link/{token:token}", "/oauth/callback"}


def test_every_route_says_what_it_needs() -> None:
    assert [one for one in ROUTES if not isinstance(one, GatedRoute | Mount)] == []
    assert [one.path for one in ROUTES if isinstance(one, Mount)] == ["/static"]


def test_a_route_that_does_not_say_what_it_needs_is_found_by_nobody(scene: Scene) -> None:
    async def everything(_request: Request) -> Response:
        return PlainTextResponse("everything")

    office = scene.office
    app = create_app(office.integration, office.runs, more=[Route("/export", everything, methods=["GET", "POST"])])
    with httpx.Client(transport=InProcess(app), base_url=CONSOLE) as browser:
        log_in(office.integration, browser, MERE)
        for method in ("GET", "POST"):
            assert browser.request(method, "/export", headers={"Origin": CONSOLE}).status_code == 404


def test_an_operator_sees_counts_and_states_but_no_record(scene: Scene) -> None:
    office = scene.office
    with office.integration.database.write() as session:
        quarantine.put(
            session,
            Scope(HARBOUR, TENANT),
            "clients",
            record_key="c-77",
            reason="no name",
            payload="<Client>Arohanui</Client>",
            run_id=None,
            now=office.integration.clock(),
        )
    counts: dict[str, Any] = {"added": 1, "changed": 0, "archived": 0, "unchanged": 0, "quarantined": "1 record"}
    office.happened("sync.not_all_read", entity="Clients", records="Arohanui Limited", **counts)
    office.happened("push.overwritten", record="c-77", field="Director", theirs="Arohanui", ours="Rangi")
    office.happened("push.category_lost", job="Arohanui", category="c-77")
    _wait_for_a_decision(office, "Arohanui")
    with office.another_browser(OPERATOR) as browser:
        shown = [browser.get(f"/practices/{HARBOUR}{path}") for path in ("", "/activity", "/activity?format=csv")]
    assert [one.status_code for one in shown] == [200, 200, 200]
    assert not any("Arohanui" in one.text or "c-77" in one.text for one in shown)
    assert "Arohanui" in text_of(office.get(f"/practices/{HARBOUR}/activity"))


def _wait_for_a_decision(office: Office, value: str) -> None:
    """Let an edit with this value be in conflict."""
    scope, now = Scope(HARBOUR, TENANT), office.integration.clock()
    office.connect()
    with office.integration.database.write() as session:
        edit = edits.put(session, scope, Place("job", "J1", "name"), value, base=None, act=EditAct("form", MERE, now))
        protection.note(session, scope, edit, "Another name", now=now)


def test_both_sides_of_an_edit_that_waits_for_a_decision_are_shown_to_those_who_see_records(scene: Scene) -> None:
    _wait_for_a_decision(scene.office, "A name from FYI")
    with scene.office.another_browser(LEO) as browser:
        seen = text_of(browser.get(f"/practices/{HARBOUR}"))
    with scene.office.another_browser(OPERATOR) as browser:
        counted = text_of(browser.get(f"/practices/{HARBOUR}"))
    assert "edits that somebody has to decide about: 1" in seen
    assert "A name from FYI" in seen
    assert "Another name" in seen
    assert "edits that somebody has to decide about: 1" in counted
    assert "A name from FYI" not in counted


def test_an_operator_does_not_learn_by_searching_whether_a_record_is_named(scene: Scene) -> None:
    counts: dict[str, Any] = {"added": 1, "changed": 0, "archived": 0, "unchanged": 0, "quarantined": "1 record"}
    scene.office.happened("sync.not_all_read", entity="Clients", records="Arohanui Limited", **counts)

    def found(browser: httpx.Client, search: str) -> bool:
        page, sheet = (
            browser.get(f"/practices/{HARBOUR}/activity", params={"search": search, "format": form})
            for form in ("", "csv")
        )
        assert ("<tbody>" in page.text) == (len(sheet.text.splitlines()) > 1)
        return "<tbody>" in page.text

    with scene.office.another_browser(OPERATOR) as operator:
        assert [found(operator, search) for search in ("Arohanui", "CLIENTS", "no_such%")] == [False, True, False]
    assert found(scene.office.browser, "arohanui")


def test_who_stops_being_an_administrator_loses_the_right_at_once(scene: Scene) -> None:
    office = scene.office
    with office.integration.database.write() as session:
        people.update(session, office.person(MERE).id, is_admin=False)
    assert office.post(f"/practices/{HARBOUR}/settings", {}).status_code == 403
    assert office.get(f"/practices/{HARBOUR}").status_code == 200
